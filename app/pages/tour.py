"""A tour of five stops for the first log-in: a card on Today, and on each stop a line that leads to the next.

It is offered until it is ended, which is stored with the login: on no device is it offered again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_babel import lazy_gettext as _l

from app.auth import permissions
from app.present import present_login


@dataclass(frozen=True, slots=True)
class TourStop:
    """A stop. number: from 1. next: the one after it, None at the last."""

    number: int
    count: int
    title: str
    sentence: str
    address: str
    next: TourStop | None = None


# Role -> endpoint, title and sentence of each stop. The roles with the most to learn come first.
STOPS: Mapping[str, Sequence[tuple[str, Any, Any]]] = {
    "admin": (
        ("today.show", _l("Today"), _l("What waits for you, in the order in which it matters.")),
        (
            "admin.list_members",
            _l("Members"),
            _l("Who belongs to the ring; a table can be imported."),
        ),
        ("admin.list_logins", _l("Logins"), _l("Invite people and say what they may do.")),
        ("admin.list_events", _l("Event log"), _l("What happened, when and by whom. Nobody can change it afterwards.")),
        ("admin.settings", _l("Settings"), _l("Name, colour and logo of the ring, and its rules.")),
    ),
    "treasurer": (
        ("today.show", _l("Today"), _l("What comes next, up to the end of the year.")),
        ("costs.index", _l("Costs"), _l("Cost pools with their bills, and what is divided already.")),
        ("usage.index", _l("Usage slips"), _l("What was really used. Each price opens to its working.")),
        ("costs.tariffs", _l("Tariffs"), _l("Prices for each machine, valid from a day.")),
        ("account.mails", _l("E-mails"), _l("Choose which e-mails you want.")),
    ),
    "manager": (
        ("today.show", _l("Today"), _l("Requests, machines and what is overdue, on one desk.")),
        ("approvals.index", _l("Approvals"), _l("Approve or decline, several at once.")),
        ("plan.show", _l("Plan"), _l("Who has which machine when.")),
        ("workshop.index", _l("Workshop"), _l("Closures, inductions and damage reports.")),
        ("account.mails", _l("E-mails"), _l("One e-mail in the morning with all that waits, or one for each request.")),
    ),
    "member": (
        ("plan.show", _l("Plan"), _l("What is free when. A tap on white time reserves it.")),
        ("reservations.new", _l("Reserve"), _l("Machine, day and length; the price stands beside them.")),
        ("reservations.index", _l("Reservations"), _l("Move or cancel, and add to your calendar.")),
        ("costs.mine", _l("Costs"), _l("Each amount opens to how it came about.")),
        ("account.mails", _l("E-mails"), _l("Choose which e-mails you want, as the reminder the evening before.")),
    ),
}


def init_app(app: Flask) -> None:
    """Let templates ask for the tour."""
    app.jinja_env.globals.update(tour_stops=tour_stops, tour_stop=tour_stop)


def tour_stops() -> Sequence[TourStop]:
    """Return the stops for the present login; none once it has ended the tour."""
    login = present_login()
    if not login.is_authenticated or login.left_on is not None or login.tour_ended_at is not None:
        return ()
    roles = set(permissions.roles_of(login))
    rows = next((STOPS[role] for role in STOPS if role in roles), ())
    found: list[TourStop] = []
    for number in range(len(rows), 0, -1):
        endpoint, title, sentence = rows[number - 1]
        address = url_for(endpoint, tour=number)
        follower = found[0] if found else None
        found.insert(0, TourStop(number, len(rows), str(title), str(sentence), address, follower))
    return found


def tour_stop() -> TourStop | None:
    """Return the stop on which the present page is shown; None for a page that is looked at without the tour."""
    number = request.args.get("tour", "")
    if not number:
        return None
    return next((stop for stop in tour_stops() if str(stop.number) == number), None)
