"""Requests whose texts hold only characters that can be stored; see booking/kernel/texts.py.

What is refused is removed when a query or a form is read, so that no view meets it, and the names of the fields are
remembered: a form shows them again without it (BaseForm), a call refuses them (app/api/endpoints.py). In a path such a
character is not found (url_converters.py).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.utils import cached_property

from booking.kernel.texts import is_fit, without_unfit


class CleanRequest(Request):
    """A request of Flask with clean texts.

    unfit_parameters, unfit_fields: names in the query and in the form from whose texts something was removed.
    """

    unfit_parameters: tuple[str, ...] = ()
    unfit_fields: tuple[str, ...] = ()

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Return the parameters of the query."""
        query = self.query_string.decode(errors="replace")
        if not query:
            return ImmutableMultiDict()
        sent = parse_qsl(query, keep_blank_values=True, errors="werkzeug.url_quote")
        self.unfit_parameters, parameters = _clean(sent)
        return parameters

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.unfit_fields, self.__dict__["form"] = _clean(list(self.__dict__["form"].items(multi=True)))


def unfit_fields() -> tuple[str, ...]:
    """Return the names of the fields of the present form from whose texts something was removed."""
    return request.unfit_fields if request.form and isinstance(request, CleanRequest) else ()


def unfit_parameters() -> tuple[str, ...]:
    """Return the names in the present query from whose texts something was removed."""
    return request.unfit_parameters if request.args and isinstance(request, CleanRequest) else ()


def _clean(sent: list[tuple[str, str]]) -> tuple[tuple[str, ...], ImmutableMultiDict[str, str]]:
    """Return the names of the texts that were not fit, and all of them clean."""
    unfit = tuple(dict.fromkeys(without_unfit(name) for name, text in sent if not (is_fit(text) and is_fit(name))))
    if unfit:
        sent = [(without_unfit(name), without_unfit(text)) for name, text in sent]
    return unfit, ImmutableMultiDict(sent)
