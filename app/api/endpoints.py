"""How a call of the API is declared: its address, what it takes and gives, and what the document tells of it.

    @Call("POST", "/closures", access=Access(admin=ALL), takes=ClosureWish, gives=Closure, status=201, refuses=(409,))
    def close_machine(body: ClosureWish) -> Reply: ...

The decorated function is handed the checked body and query and answers a Reply, or a model for a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from app.api import problems
from app.api.fields import Given
from app.api.problems import Refusal, Reply
from app.auth import permissions
from app.auth.permissions import Access

bp = Blueprint("api", __name__, url_prefix="/api/v1")

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., "BaseModel | Reply | Response"]

JSON = "application/json"
# A plus that was not encoded arrives as a space; in the offset of an instant nothing else can have been meant.
LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:[0-9]{2})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and the decorator that offers a function as it.

    path: `<id:name>` in it is the id of a thing, `<name>` one of `names`. access: how far each role may use it.
    takes, asks, gives: the models of the JSON body, the query and the answer (or a union of models); files: media
    types of an answer that is no JSON.
    status, also: of a success. refuses: statuses beyond those that every call may give. is_kept: the call heeds
    an Idempotency-Key. is_revised: it answers with an ETag and, when it changes something, heeds If-Match.
    """

    method: str
    path: str
    access: Access | None = None
    takes: type[Given] | None = None
    asks: type[Given] | None = None
    gives: Any = None
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    status: int = 200
    also: tuple[int, ...] = ()
    refuses: tuple[int, ...] = ()
    is_kept: bool = False
    is_revised: bool = False

    def __call__(self, view: View) -> View:
        """Offer a function as this call."""
        permissions.declare(f"{bp.name}.{view.__name__}", self.access, methods=[self.method])
        OFFERED[self] = view

        @wraps(view)
        def answer(**named: Any) -> Response:
            if self.takes is not None:
                named["body"] = _body(self.takes)
            if self.asks is not None:
                named["query"] = _read(self.asks, _query())
            return _response(view(**named), self.status)

        # OPTIONS is not offered: browsers of other sites have no business here, and 405 names the methods.
        bp.add_url_rule(self.rule, view.__name__, answer, methods=[self.method], provide_automatic_options=False)
        return view

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return self.path.replace("<id:", "<int:").replace("<name>", f"<any({', '.join(self.names)}):name>")


OFFERED: dict[Call, View] = {}


def reply(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A model as an answer with a status or headers of its own."""
    return Reply(status, model.model_dump_json(), JSON, dict(headers or {}))


def _response(given: BaseModel | Reply | Response, status: int) -> Response:
    if isinstance(given, Response):
        return given
    return (given if isinstance(given, Reply) else reply(given, status)).response()


def _body(model: type[Model]) -> Model:
    try:
        # Read by the validator itself: deep nesting and huge numbers are refused there, not by a crash here.
        return model.model_validate_json(request.get_data(cache=False) or b"{}")
    except ValidationError as error:
        raise Refusal(problems.of_invalid(error)) from error


def _query() -> dict[str, str]:
    return {name: LOST_PLUS.sub(r"\1+\2", value) for name, value in request.args.items()}


def _read(model: type[Model], values: Mapping[str, str]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Refusal(problems.of_invalid(error)) from error
