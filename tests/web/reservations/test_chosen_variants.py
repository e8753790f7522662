"""Variants that are chosen: on the waiting list, in a file that is imported, and when a machine breaks down."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.mail.models import Mail
from app.worker.jobs import deliver_events
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import availability
from booking.availability import Alternative
from booking.closures import breakdown
from booking.closures.breakdown import Choice, Decision
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests.breakdowns import close, do
from tests.builders import hours, mail_text
from tests.conftest import MONDAY
from tests.web.files.test_import_reservations import look, store
from tests.web.filled_forms import form_with
from tests.web.reservations.test_waiting_list import FORM, WISHED, link_in

OPERATOR = "With operator"


@pytest.fixture
def priced(session, sample_ring):
    """The combine costs 10.00 an hour, and 5.00 more with operator; the cold store 10.00. They are a group."""
    with write_transaction(session):
        session.get_one(Machine, sample_ring.combine).charge_unit = "hour"
    for machine_id, names in ((sample_ring.combine, [OPERATOR]), (sample_ring.cold_store, [])):
        variants = tuple(AdjustmentEntry(name, "per_unit", Decimal(5), "chosen") for name in names)
        prices = {"member": Decimal(10)}
        do(
            session,
            enter_tariff,
            machine_id,
            TariffEntry(date(2026, 1, 1), prices, parts=TariffParts(adjustments=variants)),
        )
    ranked = tuple(RankedMachine(one, 1) for one in (sample_ring.combine, sample_ring.cold_store))
    return do(session, groups.make, sample_ring.hall, GroupInput("Harvest", ranked))


def reserved(session, machine_id, member_id, span, choices=()):
    return do(session, reservations.request_reservation, Wish(machine_id, member_id, span, choices=choices)).id


def test_the_price_on_the_plan_has_the_variants_of_the_reservation_that_is_moved(log_in, session, sample_ring, priced):
    mine = reserved(session, sample_ring.combine, sample_ring.anna, WISHED, (OPERATOR,))
    address = "/plan/price?machine=combine&start=2026-11-24T07:00Z&end=2026-11-24T09:00Z"
    prices = [log_in(sample_ring.anna_login).get(address + of).text for of in ("", f"&of={mine}")]
    assert prices == ["2 h, about €20.00 without variants", "2 h, about €30.00"]
    assert log_in(sample_ring.bernd_login).get(f"{address}&of={mine}").status_code == 404


def test_a_variant_waits_with_its_wish_and_is_in_the_offer(log_in, speak_as, session, sample_ring, priced):
    blocker = reserved(session, sample_ring.combine, sample_ring.bernd, WISHED)
    anna = log_in(sample_ring.anna_login)
    refused = anna.post("/reservations/new", data=FORM | {"variants": OPERATOR})
    page = anna.get(link_in(refused.text)).text
    assert re.search(r'checked[^>]*value="With operator"', page), "as it was asked for"
    assert anna.post("/waiting-list/join", data=form_with(page, "kind")).status_code == 303
    assert OPERATOR in anna.get("/waiting-list").text

    do(session, reservations.cancel, blocker)
    (offered,) = set(re.findall(r"/offers/\d+", anna.get("/waiting-list").text))
    page = anna.get(offered).text
    assert ("Variants: With operator" in page, "€30.00" in page) == (True, True)
    accepted = anna.post(f"{offered}/accept").location
    assert "<dd>With operator</dd>" in anna.get(accepted).text

    span = hours(MONDAY + timedelta(days=2), 1, 3)
    reserved(session, sample_ring.combine, sample_ring.bernd, span)
    program = speak_as(sample_ring.anna_login)
    ends = {"starts_at": span.start.isoformat(), "ends_at": span.end.isoformat()}
    wish = {"machine_id": sample_ring.combine, **ends}
    wrong = program.post("/waiting-list", wish | {"choices": ["With fuel"]})
    assert (wrong.status_code, wrong.json["violations"][0]["field"]) == (422, "choices.0")
    joined = program.post("/waiting-list", wish | {"choices": [OPERATOR]})
    assert (joined.status_code, joined.json["choices"]) == (201, [OPERATOR])
    assert program.post("/waiting-list", wish).json["choices"] == [], "as it was said last"


def test_what_a_machine_lacks_is_said_before_it_is_taken(log_in, speak_as, session, sample_ring, priced, monkeypatch):
    """Of a group with a word to each other time, in the plan of a breakdown, and with the reservation itself."""
    combine, cold_store, anna = sample_ring.combine, sample_ring.cold_store, log_in(sample_ring.anna_login)
    mine = reserved(session, combine, sample_ring.anna, WISHED, (OPERATOR,))
    full = do(session, reservations.request_reservation, Wish(cold_store, sample_ring.bernd, WISHED, places=24)).id
    again = FORM | {"machine": f"group:{priced}", "variants": OPERATOR}
    ends = {"starts_at": WISHED.start.isoformat(), "ends_at": WISHED.end.isoformat()}
    program, found, told = speak_as(sample_ring.anna_login), [], []
    for blocked in ((), (hours(MONDAY, 1, 25), hours(MONDAY, 27, 339), hours(MONDAY, 339, 400))):
        for span in blocked:
            reserved(session, combine, sample_ring.bernd, span)
        page = html.unescape(anna.post("/reservations/new", data=again).text)
        machines = set(re.findall(r'name="choose" value="(\d+)\|', page))
        found.append((machines, "without “With operator”" in page))
        refused = program.post("/reservations", {"group_id": priced, "choices": [OPERATOR], **ends})
        told.append({(one["machine_id"], *one.get("lacks", ())) for one in refused.json["alternatives"]})
    assert found == [({str(combine)}, False), ({str(cold_store)}, True)]
    assert told == [{(combine,)}, {(cold_store, OPERATOR)}]
    near = [Alternative(one, "", hours(MONDAY, 500, 502)) for one in (cold_store, combine)]
    monkeypatch.setattr(availability, "group_alternatives", lambda *_wish, **_facts: near)
    page = html.unescape(anna.post("/reservations/new", data=again).text)
    ordered = [int(one) for one in re.findall(r'name="choose" value="(\d+)\|', page)]
    assert ordered[:2] == [combine, cold_store], "what lacks the fewest comes first"

    closure_id = close(session, combine, 25, 27)
    wanda = log_in(sample_ring.wanda_login)
    do(session, reservations.cancel, full)
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id.in_((combine, cold_store))).values(kind="harvest"))
    page = html.unescape(anna.post("/reservations/new", data=FORM | {"variants": OPERATOR}).text)
    assert "Cold-store, without “With operator”" in page
    refused = program.post("/reservations", {"machine_id": combine, "choices": [OPERATOR], **ends})
    assert [(one["machine_id"], *one.get("lacks", ())) for one in refused.json["alternatives"]][-1] == (
        cold_store,
        OPERATOR,
    )
    for path in ("plan", "reservations"):
        page = html.unescape(wanda.get(f"/workshop/closures/{closure_id}/{path}").text)
        assert "without “With operator”" in page, path
    plan = html.unescape(wanda.get(f"/workshop/closures/{closure_id}/plan").text)
    assert ("Ask the member (1)" in plan, "Same time, another machine" in plan) == (True, False)
    assert wanda.post(f"/workshop/closures/{closure_id}/plan", data=form_with(plan, "digest")).status_code == 303
    while deliver_events(session):
        pass
    mails = select(Mail).where(Mail.key.like("%:replanned:%"), Mail.to_address == "anna@ring.example")
    body = mail_text(session.scalars(mails).one())
    link = re.search(r"https?://[^/\s]+(/proposed/\S+)", body)[1]
    for text in (body, anna.get(link).text, anna.get(f"/reservations/{mine}").text):
        assert "Not there: With operator" in text
    assert anna.post(f"/reservations/{mine}/proposed-time").status_code == 303
    assert 'With operator <span class="soft">(not here: With operator)' in anna.get(f"/reservations/{mine}").text

    other = reserved(session, combine, sample_ring.anna, hours(MONDAY, 500, 502), (OPERATOR,))
    closure_id = close(session, combine, 499, 503)
    do(session, breakdown.decide, closure_id, [Decision(other, Choice.MOVE, machine_id=cold_store)])
    while deliver_events(session):
        pass
    for kind in ("moved_manager", "replanned"):  # Anna moved there herself; Wanda decided so
        mail = session.scalars(select(Mail).where(Mail.key.like(f"%:{kind}:%")).order_by(Mail.id.desc())).first()
        assert "Not there: With operator" in mail_text(mail), kind


@pytest.mark.of_sqlite
def test_a_file_says_which_variants_are_chosen(log_in, session, sample_ring, priced):
    rita = log_in(sample_ring.rita_login)
    head = "machine;member number;start;end;variants\n"
    line = "combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;"
    wrong = html.unescape(look(rita, f"{head}{line}With fuel\n").text)
    assert "variants: the tariff of that day has no variant “With fuel”." in wrong
    assert OPERATOR in look(rita, f"{head}{line}{OPERATOR}\n").text
    assert store(rita, f"{head}{line}{OPERATOR}\n").status_code == 303
    session.rollback()
    (found,) = session.query(Reservation).all()
    assert found.choices == (OPERATOR,)
