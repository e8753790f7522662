"""S5: the year is divided, closed and sealed; a late invoice and a credit are posted in March by the keys of 2026.

Told with the figures of the story, and with those of the harvester pool (golden examples G1 and G4).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from app.documents.making import make_files
from app.worker.settlement_job import send_statements
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.builders import member
from tests.integration.money.harvester_pool import delivered, do, use
from tests.web.costs.test_costs_pages import text

CLOSING_DAY, LATE_DAY = datetime(2027, 1, 31, 10, 0, tzinfo=UTC), datetime(2027, 3, 17, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Figures:
    """Shares and ares of the members; bills and what everybody bears, in cents. owed: by the last one, who leaves."""

    shares: tuple[int, ...]
    ares: tuple[int, ...]
    fixed: int
    variable: int
    borne: tuple[int, ...]
    late: int
    credit: int
    correction: tuple[int, ...]
    owed: str
    set_off: int  # of 1,000.00 of equity: in the story, the member has paid all but the correction
    after: tuple[int, int]  # what is owed afterwards, and what of the equity


STORY = Figures(
    shares=(200, 150, 100, 60, 30),
    ares=(21240, 14870, 9610, 5530, 2750),
    fixed=3_040_000,
    variable=2_745_927,
    borne=(2_205_991, 1_600_591, 1_051_636, 618_981, 308_728),
    late=327_455,
    credit=41_820,
    correction=(113_310, 78_554, 50_531, 28_887, 14_353),
    owed="€3,230.81",
    set_off=14_353,
    after=(308_728, 85_647),
)
HARVESTER = Figures(
    shares=(10, 8, 6, 6, 4, 4, 2),
    ares=(6120, 4875, 4000, 3330, 2550, 1825, 0),
    fixed=2_431_655,
    variable=1_148_230,
    borne=(917_481, 732_922, 567_079, 533_189, 372_152, 335_479, 121_583),
    late=12_345,
    credit=1_000,
    correction=(3_078, 2_451, 2_025, 1_661, 1_287, 893, -50),
    owed="€1,215.33",
    set_off=100_000,
    after=(21_533, 0),
)


@pytest.mark.parametrize("figures", [STORY, HARVESTER], ids=["story", "harvester"])
def test_the_year_end_with_a_late_invoice(session, sample_ring, log_in, clock, ring_command, figures):
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"fixed": "shares", "variable": "use"})
    people = []
    for number, (shares, ares) in enumerate(zip(figures.shares, figures.ares, strict=True), start=1):
        people.append(member(session, f"Hof {number}", number=f"M-{number}"))
        do(session, set_shares, pool, people[-1], shares, date(2026, 1, 1))
        if ares:
            use(session, sample_ring.combine, people[-1], ares)
    delivered(session)

    # 1: the result of the year, to the cent
    karl = log_in(sample_ring.karl_login)
    _bill(karl, pool, "fixed", figures.fixed, "2026-05-02")
    _bill(karl, pool, "variable", figures.variable, "2026-10-30")
    clock.instant = CLOSING_DAY
    karl = log_in(sample_ring.karl_login)
    assert tuple(_allocated(karl, pool, people)) == figures.borne

    # 3: closed and sealed; the file of the year is the same twice
    shown = karl.post("/api/v1/periods/close", json={"period": "2026"}).json
    wanted = {"period": "2026", "preview": False, "digest": shown["digest"], "accept_open_points": True}
    sealed = karl.post("/api/v1/periods/close", json=wanted).json["sha256"]
    file = _journal(karl, "2026")
    assert karl.get(file["address"]).data == file["content"]
    assert karl.post("/api/v1/exports/postings", json=file["wanted"]).status_code == 409

    # 4: the late invoice and the credit, by the keys of 2026, posted in March
    clock.instant = LATE_DAY
    karl = log_in(sample_ring.karl_login)
    _bill(karl, pool, "variable", figures.late, "2026-12-22")
    _bill(karl, pool, "fixed", -figures.credit, "2026-12-22")
    preview = text(karl.get(f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31"))
    assert "this is a correction run" in preview
    assert tuple(_allocated(karl, pool, people)) == figures.correction
    assert sum(figures.correction) == figures.late - figures.credit
    entries = karl.get("/api/v1/ledger/entries?limit=1").json["items"]
    assert [(one["posting_date"], one["service_from"]) for one in entries] == [("2027-03-17", "2026-01-01")]
    (year,) = [one for one in karl.get("/api/v1/periods").json["items"] if one["name"] == "2026"]
    assert year["sha256"] == sealed
    again = _journal(karl, "2026", again=True)
    assert (again["address"], again["content"]) == ("/api/v1/exports/postings/2/file", file["content"])
    assert len(_journal(karl, "2027")["content"].splitlines()) == 1 + len(people) + 1

    # 5: what who left still owes is set off against the equity; a statement is sent, nothing is opened again
    with write_transaction(session):
        session.execute(
            update(Member).where(Member.id == people[-1]).values(left_on=date(2026, 12, 31), email="e@example.org")
        )
    leavers = text(karl.get("/costs/leavers"))
    assert f"Owed today: {figures.owed}" in leavers
    stated = text(karl.get(f"/costs/balances/{people[-1]}/statement?from=2027-01-01&until=2027-03-31"))
    assert figures.owed in stated
    assert ("Late costs" if figures.correction[-1] > 0 else "Late credit of costs") in stated
    _set_off(session, karl, people[-1], figures)
    (year,) = [one for one in karl.get("/api/v1/periods").json["items"] if one["name"] == "2026"]
    assert year["sha256"] == sealed
    assert _journal(karl, "2026", again=True)["content"] == file["content"]
    for audit in ("periods", "ledger", "numbers", "allocations"):
        ring_command("check", audit)


def _set_off(session, karl, leaver, figures):
    """Settle with who left, as the page says, and see that the statement with the set-off is sent."""
    paid = karl.post(f"/api/v1/members/{leaver}/equity", json={"cents": 100_000, "day": "2026-01-01"}).json
    assert paid["held_cents"] == 100_000
    shown = karl.get(f"/costs/leavers/{leaver}/settle")
    assert figures.owed in text(shown)
    amount = f"{figures.set_off // 100}.{figures.set_off % 100:02}"
    seen = karl.post(f"/costs/leavers/{leaver}/settle", data={"amount": amount, "digest": "", "show": "1"})
    digest = re.findall(r'name="digest" type="hidden" value="(\w+)"', seen.text)[0]
    settled = karl.post(f"/costs/leavers/{leaver}/settle", data={"amount": amount, "digest": digest})
    assert settled.status_code == 303
    assert karl.get(f"/api/v1/members/{leaver}/balance").json["cents"] == figures.after[0]
    equity = karl.get(f"/api/v1/members/{leaver}/equity").json
    assert (equity["held_cents"], equity["left_cents"]) == (0, figures.after[1])
    entries = karl.get("/api/v1/ledger/entries?limit=4").json["items"]
    assert [(one["posting_date"], one["service_from"], one["account"], one["cents"]) for one in entries] == [
        ("2027-03-17", "2027-03-17", "0811", figures.set_off),
        ("2027-03-17", "2027-03-17", "1400", -figures.set_off),
        ("2027-03-17", "2026-12-31", "0810", 100_000),
        ("2027-03-17", "2026-12-31", "0811", -100_000),
    ]
    make_files(session)
    assert send_statements(session) == 1
    (stated,) = karl.get(f"/api/v1/statements/issued?member_id={leaver}").json["items"]
    assert (stated["closing_cents"], stated["last_day"]) == (figures.after[0], "2027-03-17")
    assert "Set off against equity" in text(karl.get(f"/costs/balances/{leaver}"))


def _bill(karl, pool, kind, net_cents, day):
    wanted = {"pool_id": pool, "service_date": day, "supplier": "Huber", "kind": kind, "net_cents": net_cents}
    assert karl.post("/api/v1/costs", json=wanted).status_code == 201


def _allocated(karl, pool, people):
    """Post the allocation of 2026 and return what each bears."""
    posted = karl.post("/api/v1/allocations", json={"pool_id": pool, "period": "2026", "preview": False})
    assert posted.status_code == 201
    borne = Counter()
    for line in posted.json["lines"]:
        borne[line["member_id"]] += line["cents"]
    return [borne[one] for one in people]


def _journal(karl, period, **named):
    """Make the journal of a period; return its content, where it is fetched again, and what was sent."""
    wanted = {"what": "journal_csv", "period": period} | named
    wanted |= {"digest": karl.post("/api/v1/exports/postings", json=wanted).json["digest"], "preview": False}
    made = karl.post("/api/v1/exports/postings", json=wanted).json
    address = f"/api/v1/exports/postings/{made['id']}/file"
    return {"wanted": wanted, "address": address, "content": karl.get(address).data}
