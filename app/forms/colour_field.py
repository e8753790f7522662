"""A colour: one of six proposals, or another one."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField

OWN = "own"
PROPOSALS = {
    "#14532d": _l("Fir green"),
    "#2fb5a0": _l("Sea green"),
    "#1d4ed8": _l("Sky blue"),
    "#8f1d3f": _l("Wine red"),
    "#d9a400": _l("Corn yellow"),
    "#111111": _l("Black"),
}


class ColourField(StringField):
    """#rrggbb. A form sends it, or "own" and the colour of the browser's own choice in a field of its own."""

    @property
    def own_name(self) -> str:
        """The name of the browser's own choice."""
        return f"{self.name}-{OWN}"

    @property
    def proposals(self) -> dict[str, Any]:
        """Colour -> its words."""
        return PROPOSALS

    @property
    def is_own(self) -> bool:
        """Whether the colour is none of the proposals."""
        return self.data not in PROPOSALS

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        """Read the colour, in small letters; the browser's own choice where that was meant."""
        super().process(formdata, *args, **kwargs)
        if self.data == OWN and formdata is not None:
            self.data = formdata.get(self.own_name, "")
        self.data = (self.data or "").strip().lower()
