"""What is wrong with a field of a request, for readers of other languages than that of the schema library, English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

SENTENCES = {
    "missing": _l("This field is required."),
    "extra_forbidden": _l("There is no such field here."),
    "none_required": _l("This must be null."),
    "string_type": _l("This must be a text."),
    "int_type": _l("This must be a whole number."),
    "int_parsing": _l("This must be a whole number."),
    "int_parsing_size": _l("This must be a whole number."),
    "int_from_float": _l("This must be a whole number."),
    "bool_type": _l("This must be true or false."),
    "bool_parsing": _l("This must be true or false."),
    "list_type": _l("This must be a list."),
    "dict_type": _l("This must be an object."),
    "model_type": _l("This must be an object."),
    "string_too_long": _l("The length must be at most %(max_length)s."),
    "string_too_short": _l("The length must be at least %(min_length)s."),
    "too_long": _l("The length must be at most %(max_length)s."),
    "too_short": _l("The length must be at least %(min_length)s."),
    "greater_than_equal": _l("This must be %(ge)s or more."),
    "less_than_equal": _l("This must be %(le)s or less."),
    "literal_error": _l("Possible are: %(expected)s"),
    "enum": _l("Possible are: %(expected)s"),
    "string_pattern_mismatch": _l("The text must have the form %(pattern)s"),
}


def invalid_sentence(kind: str, context: Mapping[str, Any], message: str) -> str:
    """Return what is wrong with a field. kind, context, message: as the schema library names and says it."""
    if str(get_locale()) == "en" or kind not in SENTENCES:
        return message
    expected = str(context.get("expected", "")).replace(" or ", " " + gettext("or") + " ")
    return str(SENTENCES[kind]) % {**context, "expected": expected}
