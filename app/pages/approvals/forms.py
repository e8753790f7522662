"""The form of the queue: the chosen requests with their revisions, and the decision."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from app.forms.span_form import REASON_LENGTH_MAX, clean

APPROVE, DECLINE = "approve", "decline"


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
