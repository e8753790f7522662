"""The rules of bills, as text."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.wording.formats import Zone, format_money
from app.wording.rules.text import ViolationText


def _money(value: Any, _zone: Zone) -> str:
    return format_money(value)


COST_RULES = (
    ViolationText(
        code="unusual_amount",
        sentence=_l(
            "%(actual)s is ten times the usual amount or more: such bills of this pool are usually %(limit)s. Has the "
            "comma slipped?"
        ),
        number=_money,
    ),
)
