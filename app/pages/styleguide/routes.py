"""/styleguide: every component with its states, in the ring's colour or in another one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app import ring_card
from app.accent import is_colour
from app.auth.permissions import LOGGED_IN
from app.pages.declaration import page
from app.pages.styleguide import bp
from app.wording import bars
from app.wording.ribbon import Ribbon, Use, ribbon
from app.wording.statuses import SLIP_LABELS
from booking.times.wall_clock import first_instant
from booking.timespan import TimeSpan

ACCENTS = ("14532d", "8f1d3f", "1d4ed8", "d9a400", "111111")  # green, wine, blue, ochre, black
DAY = date(2026, 7, 15)
STATUSES = ("requested", "confirmed", "in_use", "completed", "rejected", "cancelled", "expired", "no_show")
FIXED = (5_400, 400, 600, 4_000, 500, 700, 5_400)
RUNNING = (400, 600, 1_200, 2_000, 3_100, 5_000, 3_900)
LAST_YEAR = (1_200, 900, 2_400, 5_600, 3_000, 6_100, 8_800)
MONTHS = ("1", "2", "3", "4", "5", "6", "7")


@page(bp, "", access=LOGGED_IN)
def show() -> ResponseReturnValue:
    """Show the components, to administrators and in the demo. ?accent= six hexadecimal digits: in that colour."""
    if not (current_user.is_admin or ring_card.ring_card().is_demo):
        abort(404)
    accent = request.args.get("accent", ring_card.ring_card().colour[1:])
    if not is_colour(f"#{accent}"):
        abort(404)
    return render_template(
        "styleguide/show.html",
        accent=accent,
        accents=ACCENTS,
        day=DAY,
        statuses=STATUSES,
        looks=_looks_with_words(),
        small=_ribbon(),
        large=_ribbon(links=True),
        days=[(DAY + timedelta(days=at), "#days", 12 * at, at == 1, at == 0) for at in range(7)],
        year=bars.stacked(
            [(MONTHS[at], "", [("c1", FIXED[at]), ("c2", RUNNING[at])]) for at in range(7)]
            + [("8", "", [("open", 7_200)]), ("9", "", [("open", 4_600)])]
        ),
        marks=[(f"{value:.0f}", y) for value, y in bars.grid(9_300)],
        twins=bars.twins([(MONTHS[at], "", [("c4", LAST_YEAR[at]), ("c1", FIXED[at])]) for at in range(7)]),
        shares=bars.shares([("c1", 18_600), ("c2", 19_615), ("c3", 3_022)]),
        spark=bars.spark(RUNNING),
        figures=list(zip(MONTHS, map(str, FIXED), map(str, RUNNING), strict=True)),
    )


def _ribbon(*, links: bool = False) -> Ribbon:
    """Return a day with all kinds of items; with links: as the form has it."""
    zone = ring_card.ring_zone()
    at = lambda hour, minute=0: first_instant(datetime.combine(DAY, time(hour, minute)), zone)  # noqa: E731
    span = lambda start, end: TimeSpan(at(start), at(end))  # noqa: E731
    if links:
        wish = span(14, 18)
        uses = [Use(span(9, 13), TimeSpan(at(9), at(14))), Use(wish, wish, "wish")]
        return ribbon(DAY, zone, uses=uses, free_href=lambda _free: "#ribbon")
    uses = [
        Use(span(6, 8), TimeSpan(at(6), at(8, 30))),
        Use(span(9, 13), TimeSpan(at(9), at(14)), "mine"),
        Use(span(14, 18), span(14, 18), "pending"),
    ]
    closures = [(span(18, 21), _("maintenance"))]
    return ribbon(DAY, zone, uses=uses, closures=closures, open_spans=[span(6, 22)], now=at(8, 40))


def _looks_with_words() -> list[tuple[str, str]]:
    """Return the states of slips and of machines, with a word of theirs."""
    machines = {
        "free": _("free"),
        "overdue": _("overdue"),
        "closed": _("closed"),
        "waiting": _("waiting"),
        "later": _("later"),
        "done": _("done"),
    }
    return [(code, str(words)) for code, words in (SLIP_LABELS | machines).items()]
