"""Close now: the page that closes around reservations, and the page that decides on each of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.mail.models import Mail
from app.pages.workshop import breakdown, decision_form
from booking import queries
from booking.errors.schedule_errors import SlotTaken
from booking.kernel.transaction import write_transaction
from booking.models import Member
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver
from tests.web.filled_forms import form_with
from tests.web.programs import program_of
from tests.web.workshop.test_workshop import CLOSURE


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def hit(session, sample_ring):
    """Two reservations of Anna and one of Bernd on the combine on Tuesday."""
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(phone="0171 234"))
    return [
        reserve(session, sample_ring.combine, member, hours(MONDAY, start, start + 2), now=MONDAY).id
        for start, member in ((25, sample_ring.anna), (28, sample_ring.anna), (31, sample_ring.bernd))
    ]


@pytest.fixture
def decide_page(wanda, hit):
    return decisions_of(wanda.post("/workshop/closures/new", data=CLOSURE | {"around_reservations": "y"}))


def decisions_of(sent):
    """The page on which each is decided by hand: that of the plan, to which a closure leads, has a link to it."""
    return sent.location.replace("/plan", "/reservations")


def test_close_now_is_filled_in_and_leads_to_the_decisions(wanda, hit, session, sample_ring):
    page = wanda.get("/workshop/closures/new?machine=combine&now=1").text
    form = form_with(page, "around_reservations")
    assert form["machine"] == "combine"
    assert wanda.post("/workshop/closures/new", data=CLOSURE).status_code == 409
    sent = wanda.post("/workshop/closures/new", data=form | {"reason": "Belt torn", "end_date": "2026-11-25"})

    assert sent.location.endswith("/plan")
    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 10, 12), now=MONDAY)
    assert "3 reservations to decide on" in wanda.get("/workshop").text
    assert "3 reservations to decide on" in wanda.get("/today").text
    assert "Belt torn" in wanda.get("/machines/combine").text
    assert "Close now" in wanda.get("/usage/at/combine").text


def test_each_reservation_is_shown_with_phone_and_nothing_preselected(wanda, decide_page, hit):
    page = wanda.get(decide_page).text

    assert page.count('href="tel:0171234"') == 2
    assert page.count(" checked") == 0
    assert wanda.post(decide_page, data=form_with(page, "rows-0-reservation_id")).status_code == 422


def test_decisions_are_sent_together(wanda, decide_page, hit, session):
    page = wanda.get(decide_page).text
    form = form_with(page, "rows-0-reservation_id")
    proposed = page.split('name="rows-1-choice" type="radio" value="at:')[1].split('"')[0]
    choices = {"rows-0-choice": "cancel", "rows-1-choice": f"at:{proposed}", "rows-2-choice": "keep"}
    sent = wanda.post(decide_page, data=form | choices, follow_redirects=True)

    assert "Your decisions are entered" in sent.text
    assert "waits for a decision" in sent.text
    stored = [queries.reservation(session, one) for one in hit]
    assert [one.status for one in stored] == ["cancelled", "confirmed", "confirmed"]
    assert stored[1].starts_at.timestamp() == int(proposed)
    assert "to decide on" not in wanda.get("/workshop").text


def test_what_fails_is_shown_at_its_row_and_nothing_is_lost(wanda, decide_page, hit, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 72, 74), now=MONDAY)
    form = form_with(wanda.get(decide_page).text, "rows-0-reservation_id")
    typed = {"rows-1-choice": "other", "rows-1-date": "2026-11-26", "rows-1-time": "09:00"}
    refused = wanda.post(decide_page, data=form | {"rows-0-choice": "cancel"} | typed)

    assert refused.status_code == 409
    assert "already taken" in refused.text
    again = form_with(refused.text, "rows-0-reservation_id")
    assert (again["rows-0-choice"], again["rows-1-date"]) == ("cancel", "2026-11-26")
    assert queries.reservation(session, hit[0]).status == "confirmed"
    missing = wanda.post(decide_page, data=form | {"rows-1-choice": "other"})
    assert missing.status_code == 422
    assert "Enter day and start of the new time." in missing.text


def test_nonsense_is_refused_and_a_lifted_closure_has_nothing_to_decide(wanda, decide_page, hit, session):
    form = form_with(wanda.get(decide_page).text, "rows-0-reservation_id")
    for choice in ("nonsense", "at:99999999999", "at:x"):
        assert wanda.post(decide_page, data=form | {"rows-0-choice": choice}).status_code == 422
    wanda.post(decide_page.replace("/reservations", "/lift"))

    assert wanda.post(decide_page, data=form | {"rows-0-choice": "cancel"}).status_code == 303
    assert queries.reservation(session, hit[0]).status == "confirmed"


def test_a_breakdown_that_takes_longer_is_changed_on_its_page(wanda, decide_page, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 72, 74), now=MONDAY)
    path = decide_page.replace("/reservations", "/change")
    form = form_with(wanda.get(path).text, "around_reservations")
    assert (form["date"], form["reason"], form["around_reservations"]) == ("2026-11-24", "Annual service", "y")
    sent = wanda.post(path, data=form | {"end_date": "2026-11-27", "reason": "Spare part is late"})

    assert sent.location.endswith("/plan")
    (closure,) = queries.closures(session, now=MONDAY)
    assert (closure.reason, closure.ends_at.day) == ("Spare part is late", 27)
    stale = wanda.post(path, data=form | {"reason": "Second window"})
    assert stale.status_code == 409
    assert "Second window" in stale.text
    assert wanda.get("/workshop/closures/4711/change").status_code == 404


def test_more_reservations_than_a_page_has_are_decided_page_by_page(wanda, hit, session, sample_ring, monkeypatch):
    for module in (breakdown, decision_form):
        monkeypatch.setattr(module, "ROWS_MAX", 2)
    address = decisions_of(wanda.post("/workshop/closures/new", data=CLOSURE | {"around_reservations": "y"}))
    first, second = wanda.get(address).text, wanda.get(f"{address}?page=2").text

    assert (first.count("rows-0-choice-0"), first.count("rows-2-")) == (2, 0)
    assert 'rel="next"' in first
    sent = form_with(second, "rows-0-revision")
    assert sent["rows-0-reservation_id"] == str(hit[2])
    assert wanda.post(f"{address}?page=2", data=sent | {"rows-0-choice": "cancel"}).status_code == 303
    assert queries.reservation(session, hit[2]).status == "cancelled"


def test_a_twin_is_proposed_at_the_same_time_and_only_as_often_as_it_is_free(wanda, hit, session, sample_ring, app):
    """The first reservation takes the twin; the member is asked in one mail that names it, and may decline."""
    twin = machine(session, sample_ring.hall, "combine-2", name="Combine 2")
    other = reserve(session, twin, sample_ring.bernd, hours(MONDAY, 28, 30), now=MONDAY)
    with write_transaction(session):
        ranked = (RankedMachine(sample_ring.combine), RankedMachine(twin))
        groups.make(session, sample_ring.hall, GroupInput("Combines", ranked), by=SOMEBODY, now=MONDAY)
    page = decisions_of(wanda.post("/workshop/closures/new", data=CLOSURE | {"around_reservations": "y"}))
    assert wanda.get(page).text.count("Propose Combine 2 at the same time") == 2  # not where it is taken

    form = form_with(wanda.get(page).text, "rows-0-revision")
    sent = wanda.post(page, data=form | {"rows-0-choice": f"on:{twin}", "rows-1-choice": f"on:{twin}"})
    assert sent.status_code == 422
    assert "This machine is no longer free at that time." in sent.text
    assert queries.reservation(session, hit[0]).machine_id == sample_ring.combine
    session.rollback()
    assert wanda.post(page, data=form | {"rows-0-choice": f"on:{twin}"}).status_code == 303
    moved = queries.reservation(session, hit[0])
    assert (moved.machine_id, moved.span, moved.awaits_answer) == (twin, hours(MONDAY, 25, 27), True)
    deliver(session)
    (mail,) = [one for one in session.scalars(select(Mail)) if "Proposed: " in one.body]
    assert "Proposed: Combine 2 at the same time, Tue 24 November" in mail.body

    program = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    address = page.removesuffix("/reservations").rpartition("/")[2]
    decisions = [{"reservation_id": hit[1], "choice": "move", "machine_id": twin}]
    refused = program.post(f"/closures/{address}/decisions", {"decisions": decisions})
    assert (refused.status_code, refused.json["violations"][0]["rule"]) == (409, "slot_taken")
    decisions[0]["reservation_id"] = hit[2]
    assert program.post(f"/closures/{address}/decisions", {"decisions": decisions}).status_code == 200
    assert queries.reservation(session, hit[2]).machine_id == twin
    assert other.id not in hit
