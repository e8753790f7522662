"""Texts of the errors of HTTP itself, by status."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class HttpErrorText(ErrorText):
    """An error of HTTP. page_title and page_sentence: the same for a reader of pages, who does not know requests."""

    page_title: LazyString | None = None
    page_sentence: LazyString | None = None


ERRORS = (
    HttpErrorText(
        "bad_request",
        400,
        _l("The request could not be understood"),
        _l("Go back, reload the page and try again."),
        page_title=_l("That did not work"),
        page_sentence=_l("What was sent is incomplete or damaged. Open the page again and try once more."),
    ),
    HttpErrorText("not_logged_in", 401, _l("Please log in"), _l("You have to be logged in to see this.")),
    HttpErrorText(
        "forbidden",
        403,
        _l("Not allowed for your role"),
        _l("Your login is not allowed to do this. Ask an administrator of the ring."),
    ),
    HttpErrorText("not_found", 404, _l("Not found"), _l("There is nothing here, or you do not have access to it.")),
    HttpErrorText(
        "method_not_allowed",
        405,
        _l("Not possible this way"),
        _l("This address does not accept this kind of request."),
        page_title=_l("Cannot be opened directly"),
        page_sentence=_l("This address belongs to a button. Go to its page and press it there."),
    ),
    HttpErrorText(
        "too_slow",
        408,
        _l("Not sent in time"),
        _l("What was sent did not arrive in time. Nothing was stored; please check your connection and try again."),
    ),
    HttpErrorText(
        "length_required",
        411,
        _l("Length missing"),
        _l("A form must name its length (Content-Length)."),
    ),
    HttpErrorText(
        "too_large",
        413,
        _l("Too large"),
        _l("The body of a request may have 64 kB at most; with a `photo`, as much as an upload."),
        page_sentence=_l("The file is larger than allowed: at most %(size)s MB."),
    ),
    HttpErrorText(
        "encoded_body",
        415,
        _l("Compressed content"),
        _l("Content that is compressed (Content-Encoding) is not read. Send the same without compression."),
    ),
    HttpErrorText(
        "invalid_request", 422, _l("Input not valid"), _l("Some of the values that were sent are not valid.")
    ),
    HttpErrorText(
        "too_many_requests",
        429,
        _l("Too many requests"),
        _l("This login sends too many requests. Try again after the seconds in Retry-After."),
        page_title=_l("Too many attempts"),
        page_sentence=_l("Please wait a minute and try again."),
    ),
    HttpErrorText(
        "server_fault",
        SERVER_ERROR,
        _l("Something went wrong"),
        _l("The error was logged. Nothing was stored in part; please try again."),
    ),
)

MALFORMED_JSON = ErrorText(
    "malformed_json", 400, _l("The request could not be understood"), _l("The content is not well-formed JSON.")
)
