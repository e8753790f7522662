"""The treasurer's side of the demo: a cost pool with shares and bills, one allocation posted, the next one open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.demo.agenda import Life, at
from app.demo.cast import MEMBERS
from app.demo.stage import Stage
from billing import allocations, pools, previews, shares
from billing.pools import CostEntry
from booking.kernel.events import Actor

FIXED, RUNNING, BASIC = "Feste Kosten", "Kraftstoff, Reparatur", "Grundbetrag"
RULES = {FIXED: "shares", RUNNING: "use", BASIC: "head"}
DAYS_TO_POST = 12  # after the end of the period, when its slips are in
EVENING_HOURS = (18, 19, 20)  # when a treasurer has time


class Books:
    """What Karl enters, and when: each bill some days after its service, the first half of the season in summer."""

    def __init__(self, session: Session, stage: Stage) -> None:
        self.session, self.stage = session, stage
        self.by = Actor(user_id=stage.logins["karl@demo.example"])
        self.first, self.last = stage.season_start, _middle(stage)
        self.pool_id = 0

    def lives(self) -> Iterator[Life]:
        """Everything the treasurer does, each at its own time."""
        yield self._open_pool()
        for number, bill in enumerate((*_bills(self.first, self.last), *_late_bills(self.last, self.stage.today))):
            yield self._enter(bill, EVENING_HOURS[number % len(EVENING_HOURS)])
        yield self._post()

    def _open_pool(self) -> Life:
        yield (opened := at(self.first - timedelta(days=20), 19))
        pool = pools.enter_pool(
            self.session, self.stage.machines["combine"], "Mähdrescher", RULES, by=self.by, now=opened
        )
        self.pool_id = pool.id
        since = self.first - timedelta(days=365)
        for member in MEMBERS:
            if member.shares:
                member_id = self.stage.members[member.number]
                shares.set_shares(self.session, pool.id, member_id, member.shares, since, by=self.by, now=opened)

    def _enter(self, bill: CostEntry, hour: int) -> Life:
        yield (arrived := at(bill.service_date + timedelta(days=4), hour))
        pools.enter_cost(self.session, self.pool_id, bill, by=self.by, now=arrived)

    def _post(self) -> Life:
        yield (posted := at(self.last + timedelta(days=DAYS_TO_POST), 20) + timedelta(minutes=14))
        preview = previews.preview_allocation(self.session, self.pool_id, self.first, self.last)
        allocations.post_allocation(
            self.session,
            self.pool_id,
            self.first,
            self.last,
            digest=preview.digest,
            by=self.by,
            now=posted,
            note="Erste Hälfte der Saison",
        )


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
