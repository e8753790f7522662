"""Requests whose texts hold only characters that can be stored; see booking/kernel/texts.py.

What is refused is removed when a query or a form is read, so that no view meets it, and the names of the fields are
remembered: a form shows them again without it (BaseForm), a call refuses them (app/api/endpoints.py). In a path such a
character is not found (url_converters.py).
"""

from __future__ import annotations

from typing import IO, Any
from urllib.parse import parse_qsl

from flask import Flask, Request, abort, request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, LanguageAccept, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_accept_header
from werkzeug.utils import cached_property

from app.present import present_request
from booking.kernel.texts import is_fit, without_unfit

QUERY_BYTES_MAX = 16 * 1024
# Of one text in it, and of its name: a page repeats what it was asked for in its filter and in a dozen links.
PARAMETER_LENGTH_MAX = 2_000
FIELDS_MAX = 5_000  # of a form
LANGUAGES_LENGTH_MAX = 1_000  # of the header Accept-Language


class BoundedFormParser(FormDataParser):
    """Werkzeug's parser of forms, which bounds the number of parts only where there are files."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        content = stream.read()
        if content.count(b"&") >= FIELDS_MAX:
            raise RequestEntityTooLarge
        items = parse_qsl(content.decode(errors="replace"), keep_blank_values=True, errors="werkzeug.url_quote")
        return stream, self.cls(items), self.cls()


class EncodedBody(UnsupportedMediaType):
    """The body is compressed or encoded. The answer names the encoding that would be read: none."""

    def get_headers(self, *context: Any, **named: Any) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        return [*super().get_headers(*context, **named), ("Accept-Encoding", "identity")]


class CleanRequest(Request):
    """A request of Flask with clean texts, and of bounded length where that costs time.

    unfit_parameters, unfit_fields: names in the query and in the form from whose texts something was removed.
    """

    form_data_parser_class = BoundedFormParser
    unfit_parameters: tuple[str, ...] = ()
    unfit_fields: tuple[str, ...] = ()

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Return the parameters of the query."""
        query = self.query_string.decode(errors="replace")
        if not query or self.has_overlong_query:
            return ImmutableMultiDict()
        self.unfit_parameters, parameters = _clean(_parsed(query))
        return parameters

    @cached_property
    def full_path(self) -> str:
        """Return path and query as a task or a link may hold them: some servers let NUL and broken bytes through."""
        return without_unfit(f"{self.path}?{self.query_string.decode(errors='replace')}")

    @cached_property
    def has_overlong_query(self) -> bool:
        """Whether the query, or a text in it, is longer than any of our own; it is not read then."""
        length = len(self.query_string)
        if PARAMETER_LENGTH_MAX < length <= QUERY_BYTES_MAX:
            sent = _parsed(self.query_string.decode(errors="replace"))
            return any(len(text) > PARAMETER_LENGTH_MAX for parameter in sent for text in parameter)
        return length > QUERY_BYTES_MAX

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body. Raises EncodedBody: a small one that is compressed can hold gigabytes."""
        if self.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
            raise EncodedBody
        return super().stream

    @cached_property
    def accept_languages(self) -> LanguageAccept:
        """Return the languages of the browser, those at the beginning of an overlong header."""
        return parse_accept_header(self.headers.get("Accept-Language", "")[:LANGUAGES_LENGTH_MAX], LanguageAccept)

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.unfit_fields, self.__dict__["form"] = _clean(list(self.__dict__["form"].items(multi=True)))


def init_app(app: Flask) -> None:
    """Refuse overlong queries."""
    app.before_request(refuse_overlong_query)


def refuse_overlong_query() -> None:
    """Abort with 414 for a query of more than 16 kB, or with a text of more than 2,000 characters."""
    asked = present_request()
    if isinstance(asked, CleanRequest) and asked.has_overlong_query:
        abort(414)


def unfit_fields() -> tuple[str, ...]:
    """Return the names of the fields of the present form from whose texts something was removed."""
    return request.unfit_fields if request.form and isinstance(request, CleanRequest) else ()


def unfit_parameters() -> tuple[str, ...]:
    """Return the names in the present query from whose texts something was removed."""
    return request.unfit_parameters if request.args and isinstance(request, CleanRequest) else ()


def _parsed(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="werkzeug.url_quote")


def _clean(sent: list[tuple[str, str]]) -> tuple[tuple[str, ...], ImmutableMultiDict[str, str]]:
    """Return the names of the texts that were not fit, and all of them clean."""
    unfit = tuple(dict.fromkeys(without_unfit(name) for name, text in sent if not (is_fit(text) and is_fit(name))))
    if unfit:
        sent = [(without_unfit(name), without_unfit(text)) for name, text in sent]
    return unfit, ImmutableMultiDict(sent)
