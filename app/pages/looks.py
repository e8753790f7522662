"""How a state looks: its tone and its icon, beside the word that says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """tone: good, wait, info, stop or shut, as in components.css."""

    tone: str
    icon: str


SHUT = Look("shut", icon="slash-circle")
LOOKS = {
    "requested": Look("wait", icon="hourglass-split"),
    "confirmed": Look("good", icon="check-circle-fill"),
    "in_use": Look("info", icon="play-circle-fill"),
    "completed": Look("shut", icon="check2-all"),
    "rejected": Look("stop", icon="x-circle"),
    "no_show": Look("stop", icon="x-circle"),
    "cancelled": SHUT,
    "expired": SHUT,
    "overdue": Look("stop", icon="exclamation-circle-fill"),
    "closed": Look("shut", icon="cone-striped"),
    # usage slips
    "out": Look("info", icon="play-circle-fill"),
    "back": Look("shut", icon="check2-all"),
    "disputed": Look("wait", icon="chat-left-text"),
    "answered": Look("good", icon="check2-circle"),
    # machines
    "free": Look("good", icon="check-circle-fill"),
    "waiting": Look("wait", icon="hourglass-split"),
    "later": Look("shut", icon="clock"),
    "done": Look("good", icon="check2"),
}


def look_of(code: str) -> Look:
    """Return the look of a state; an unknown one looks like what is over."""
    return LOOKS.get(code, SHUT)
