"""The forms of the queue: its filter, the chosen requests with their revisions, the decision, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from app.forms.span_form import REASON_LENGTH_MAX, clean

APPROVE, DECLINE = "approve", "decline"
SLUG_LENGTH = 60
UNDO_WITHIN = timedelta(minutes=10)  # ten seconds of haste, and time to read for who needs it


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue is narrowed to, by short names; "" for all. It is part of the address."""

    workshop: str = ""
    machine: str = ""

    def as_arguments(self) -> dict[str, Any]:
        """Return the arguments of the address."""
        given = {"workshop": self.workshop, "machine": self.machine}
        return {name: slug for name, slug in given.items() if slug}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request by its id, and the revision that the reader saw."""

    reservation_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on some requests. action: APPROVE, DECLINE, or "" for neither.

    reason: of declining, or of overruling rules while approving one request.
    """

    action: str
    chosen: tuple[Chosen, ...]
    reason: str = ""

    @property
    def lacks_reason(self) -> bool:
        """Whether a request is declined without a reason, or with one that is too long."""
        is_missing = self.action == DECLINE and not self.reason
        return is_missing or len(self.reason) > REASON_LENGTH_MAX


def read_filter(arguments: MultiDict[str, str]) -> QueueFilter:
    """Return the filter of an address."""
    return QueueFilter(arguments.get("workshop", "")[:SLUG_LENGTH], arguments.get("machine", "")[:SLUG_LENGTH])


def sign_decided(user_id: int, decided: Iterable[Chosen], at: datetime) -> str:
    """Return the hidden field with which a login can take back its decisions. decided: with the revisions they left."""
    return _signer().dumps([user_id, int(at.timestamp()), [[one.reservation_id, one.revision] for one in decided]])


def read_decided(text: str, user_id: int, now: datetime) -> tuple[Chosen, ...]:
    """Return what sign_decided() wrote for this login within UNDO_WITHIN; nothing for anything else."""
    try:
        signed_for, signed_at, pairs = _signer().loads(text)
    except (BadData, ValueError):
        return ()
    if signed_for != user_id or not 0 <= now.timestamp() - signed_at + 1 <= UNDO_WITHIN.total_seconds():
        return ()
    return tuple(Chosen(reservation_id, revision) for reservation_id, revision in pairs)


def _signer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]  # the last one signs
    return URLSafeSerializer(keys, salt="decided requests")


def read_decision(form: MultiDict[str, str]) -> Decision:
    """Return the decision: by the button of one request (one = action:id:revision), or for all chosen ones."""
    action, _colon, rest = form.get("one", "").partition(":")
    if rest:
        chosen = _chosen([rest])
        name = "overrule" if action == APPROVE else "reason"
        reason = form.get(f"{name}_{chosen[0].reservation_id}", "") if chosen else ""
    else:
        action, chosen = form.get("action", ""), _chosen(form.getlist("chosen"))
        reason = form.get("reason", "") if action == DECLINE else ""
    return Decision(action if action in (APPROVE, DECLINE) else "", chosen, clean(reason))


def _chosen(values: list[str]) -> tuple[Chosen, ...]:
    found = {}
    for value in values:
        reservation_id, _colon, revision = value.partition(":")
        if reservation_id.isdecimal() and revision.isdecimal() and len(reservation_id) < 19 and len(revision) < 10:
            found[int(reservation_id)] = Chosen(int(reservation_id), int(revision))
    return tuple(found.values())
