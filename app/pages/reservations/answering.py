"""What a form of a span answers: the check, the day drawn, the bar with the button; whole, or alone for the script."""

from __future__ import annotations

from typing import Any

from flask import render_template

from app.clock import now
from app.extensions import db
from app.forms.span_form import SpanForm
from app.pages.reservations.checks import CheckView
from app.pages.reservations.day_view import day_view
from app.pages.reservations.options import ChosenGroup
from booking.queries import MachineCard


def parts(
    form: SpanForm,
    card: MachineCard | None,
    check: CheckView | None,
    *,
    send_label: str,
    excluding: int | None = None,
    group: ChosenGroup | None = None,
) -> dict[str, Any]:
    """Return what the templates of a form are filled from. excluding: the reservation to be moved.

    group: of which any machine will do; card is the one that it would be.
    """
    day = None
    if card is not None:
        is_refused = check is not None and bool(check.reasons)
        day = day_view(db.session(), form, card, now=now(), is_refused=is_refused, excluding=excluding)
    return {"form": form, "card": card, "check": check, "day": day, "send_label": send_label, "group": group}


def fragment(
    form: SpanForm,
    card: MachineCard,
    check: CheckView | None,
    *,
    send_label: str,
    is_picked: bool,
    excluding: int | None = None,
    group: ChosenGroup | None = None,
) -> str:
    """Return the parts that change while the form is filled in. is_picked: with the fields that a tap filled."""
    found = parts(form, card, check, send_label=send_label, excluding=excluding, group=group)
    return render_template("reservations/_answer.html", is_picked=is_picked, **found)
