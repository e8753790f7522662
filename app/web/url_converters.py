"""URL rules: numbers that no id can have and unfit texts match none; builders of URLs compile at first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map, PathConverter, Rule, UnicodeConverter

ID_MAX = 999_999_999

Builder = Callable[..., tuple[str, str]]

# Before Python 3.11.8 and 3.12.2 two threads that parse at once could fail with a SystemError (python/cpython#106905).
_one_parses = Lock()


class IdConverter(IntegerConverter):
    """<int:...> with nine digits at most, so that no number in a URL overflows the database or Python.

    A pattern and not a maximum: Werkzeug answers a number above the maximum by 405 where the URL has several methods.
    """

    regex = r"[0-9]{1,9}"


class LazyRule(Rule):
    """A rule that compiles its two functions for building URLs when they are first called.

    Werkzeug would compile those of all 190 rules at each start: 60 ms.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        compiled = lru_cache(maxsize=1)(self.compile_builder)

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build

    def compile_builder(self, append_unknown: bool) -> Builder:
        """Return the function that builds URLs, with or without a query of the values that the rule does not name."""
        with _one_parses:
            return super()._compile_builder(append_unknown)


# The characters that booking/kernel/texts.py refuses.
_UNFIT = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"


class TextConverter(UnicodeConverter):
    """<...> without characters that cannot be stored."""

    regex = rf"[^/{_UNFIT}]+"

    def __init__(self, url_map: Map) -> None:
        BaseConverter.__init__(self, url_map)  # that of the base would put its own pattern in place of ours


class CleanPathConverter(PathConverter):
    """<path:...> without characters that cannot be stored."""

    regex = rf"[^/{_UNFIT}][^{_UNFIT}]*?"


def init_app(app: Flask) -> None:
    """Register the converters and the rule. Call before any URL rule is added."""
    converters = app.url_map.converters
    converters["int"], converters["path"] = IdConverter, CleanPathConverter
    converters["default"] = TextConverter
    app.url_rule_class = LazyRule
