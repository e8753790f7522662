"""HTML attributes and options of form fields as WTForms writes them: its own take a quarter of a form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from wtforms.widgets import core

OPTIONS_MAX = 2_000
PLAIN = (str, int)  # exactly: True is written otherwise
_original_option: Any = core.Select.render_option  # type: ignore[attr-defined]


def html_attributes(**values: object) -> Markup:
    """Return attributes in the order of their names; True: the name alone, False: nothing."""
    written = [
        name if value is True else f'{name}="{_quoted(value)}"'
        for name, value in ((_name(key), value) for key, value in sorted(values.items()))
        if value is not False
    ]
    return Markup(" ".join(written))  # noqa: S704 - each part is escaped


def render_option(choice: Any, **attributes: object) -> Markup:
    """Return a choice of a list; one of plain texts is remembered, because a form lists all machines of the ring."""
    is_plain = type(choice.label) is str and type(choice.value) in PLAIN and not choice.render_kw and not attributes
    if not is_plain:
        return _original_option(choice, **attributes)
    return _option(choice.value, choice.label, bool(choice.selected))


def use_for_all_widgets() -> None:
    """Replace the functions of WTForms that its widgets call, by their name or as their method."""
    widgets: Any = core  # WTForms' types know nothing of them
    widgets.html_params = html_attributes
    for widget in (widgets.Input, widgets.Button):
        widget.html_params = staticmethod(html_attributes)
    widgets.Select.render_option = staticmethod(render_option)
    # WTForms would look at the signature of the function for each list.
    widgets.Select._dispatch_render_option = staticmethod(lambda: render_option)


@lru_cache(maxsize=OPTIONS_MAX, typed=True)
def _option(value: str | int, label: str, is_selected: bool) -> Markup:
    attributes = html_attributes(value=value, selected=is_selected)
    return Markup(f"<option {attributes}>{escape(label or value)}</option>")  # noqa: S704 - each part is escaped


@lru_cache(maxsize=500)
def _name(key: str) -> str:
    bare = key.rstrip("_")
    return str(escape(bare.replace("_", "-") if bare.startswith(("data_", "aria_")) else bare))


def _quoted(value: object) -> str:
    return str(escape(value)).replace('"', "&quot;")
