"""The treasurer's side of the demo: a cost pool with shares and bills, one allocation posted, the next one open."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.cast import MEMBERS
from app.demo.stage import Stage
from billing import allocations, pools, previews, shares
from billing.pools import CostEntry
from booking.kernel.events import Actor

FIXED, RUNNING, BASIC = "Feste Kosten", "Kraftstoff, Reparatur", "Grundbetrag"
RULES = {FIXED: "shares", RUNNING: "use", BASIC: "head"}


def keep(session: Session, stage: Stage, *, now: datetime) -> None:
    """Open the combine's pool, enter its bills, post the first part of the season."""
    karl = Actor(user_id=stage.logins["karl@demo.example"])
    pool = pools.enter_pool(session, stage.machines["combine"], "Mähdrescher", RULES, by=karl, now=now)
    since = stage.season_start - timedelta(days=365)
    for member in MEMBERS:
        if member.shares:
            member_id = stage.members[member.number]
            shares.set_shares(session, pool.id, member_id, member.shares, since, by=karl, now=now)
    first, last = stage.season_start, _middle(stage)
    for entry in (*_bills(first, last), *_late_bills(last, stage.today)):
        pools.enter_cost(session, pool.id, entry, by=karl, now=now)
    preview = previews.preview_allocation(session, pool.id, first, last)
    note = "Erste Hälfte der Saison"
    allocations.post_allocation(session, pool.id, first, last, digest=preview.digest, by=karl, now=now, note=note)


def _middle(stage: Stage) -> date:
    return stage.season_start + (stage.today - stage.season_start) // 2


def _bills(first: date, last: date) -> list[CostEntry]:
    middle = first + (last - first) // 2
    return [
        CostEntry(first, "Eigene Rechnung", FIXED, 1_280_000, "AfA-1", "Abschreibung, halbes Jahr"),
        CostEntry(first, "Allgäuer Versicherung", FIXED, 86_655, "2041-77", "Kasko"),
        CostEntry(middle, "Landtechnik Fuchs", RUNNING, 214_870, "RE-3310", "Messerbalken, Keilriemen"),
        CostEntry(middle, "Lagerhaus Weilheim", RUNNING, 361_240, "L-88127", "Diesel"),
        CostEntry(last, "Ring Oberland", BASIC, 10_000, "", "Stellplatz und Verwaltung"),
    ]


def _late_bills(last: date, today: date) -> list[CostEntry]:
    after = last + timedelta(days=20)
    return [
        CostEntry(after, "Lagerhaus Weilheim", RUNNING, 298_415, "L-90233", "Diesel"),
        CostEntry(after, "Eigene Rechnung", FIXED, 1_280_000, "AfA-2", "Abschreibung, halbes Jahr"),
        CostEntry(today - timedelta(days=12), "Landtechnik Fuchs", RUNNING, 327_455, "RE-3672", "Dreschkorb"),
        CostEntry(
            today - timedelta(days=5), "Allgäuer Versicherung", RUNNING, -41_820, "2041-91", "Erstattung Steinschlag"
        ),
    ]
