"""The plan of a breakdown: its page, the API, the mail of each member, and the answers of members."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.mail.models import Mail
from app.pages.workshop import replan_form
from app.web.log_redaction import redacted
from app.worker import jobs
from booking import queries, replan
from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status
from booking.replan import Outcome
from tests.breakdowns import book, broken_laser, close, do, three_lasers
from tests.builders import hours, login, mail_text
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver
from tests.web.filled_forms import form_with, forms_of
from tests.web.programs import program_of


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def lasers(session, sample_ring):
    return three_lasers(session, sample_ring)


@pytest.fixture
def hit(session, sample_ring, lasers):
    return broken_laser(session, sample_ring, lasers)


def chosen(page, field, choice):
    """The form of the plan with another choice for one reservation."""
    return form_with(page, field) | {field: choice}


def stored(session):
    rows = session.scalars(select(Reservation).execution_options(populate_existing=True))
    return {one.id: one for one in rows}


def test_the_plan_is_shown_in_groups_and_confirmed_with_one_button(wanda, session, hit, lasers):
    ids, closure_id = hit
    a, b, _c = lasers
    path = f"/workshop/closures/{closure_id}/plan"
    page = wanda.get(path).text

    headings = ("Same time, another machine", "A little earlier or later", "Ask the member")
    assert all(f"{heading} (1)" in page for heading in headings)
    sent = wanda.post(path, data=chosen(page, f"line_{ids[Outcome.SHIFT]}", "cancel"))
    assert (sent.status_code, sent.location) == (303, path)
    rows = stored(session)
    assert [rows[ids[one]].machine_id for one in (Outcome.TWIN, Outcome.OFFER)] == [a, b]
    assert rows[ids[Outcome.SHIFT]].status == Status.CANCELLED
    assert "Asked already (1)" in wanda.get(path).text

    again = wanda.post(path, data=chosen(page, f"line_{ids[Outcome.SHIFT]}", "cancel"))  # the second click
    assert again.status_code == 409
    assert "Something has changed since this plan was made" in again.text


def test_a_plan_that_changed_shows_what_changed_and_keeps_what_was_chosen(wanda, session, sample_ring, hit, lasers):
    ids, closure_id = hit
    path = f"/workshop/closures/{closure_id}/plan"
    page = wanda.get(path).text
    book(session, lasers[0], sample_ring.bernd, 5, 6)

    data = chosen(page, f"line_{ids[Outcome.SHIFT]}", "keep")
    refused = wanda.post(path, data=data)
    assert refused.status_code == 409
    assert refused.text.count("is-new") == 1
    assert 'selected value="keep"' in refused.text
    assert {one.machine_id for one in stored(session).values()} == set(lasers[:2])
    for choice in ("on:999", "on:x", "nonsense", ""):
        bad = wanda.post(path, data=chosen(refused.text, f"line_{ids[Outcome.TWIN]}", choice))
        assert bad.status_code == 422, choice
    assert wanda.post(path, data=chosen(refused.text, f"line_{ids[Outcome.TWIN]}", "plan")).status_code == 303


def test_only_managers_of_the_workshop_see_the_plan(log_in, sample_ring, client, session, hit):
    path = f"/workshop/closures/{hit[1]}/plan"
    assert client.get(path).status_code == 303
    assert log_in(sample_ring.anna_login).get(path).status_code == 403
    wanda = log_in(sample_ring.wanda_login)
    assert wanda.get("/workshop/closures/999999/plan").status_code == 404
    do(session, blockings.lift, hit[1])
    assert wanda.get(path).status_code == 303


def test_each_member_gets_one_mail_and_another_when_the_old_time_is_free(session, hit):
    _ids, closure_id = hit
    deliver(session)
    forget(session)
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    deliver(session)

    mails = {one.to_address: mail_text(one) for one in forget(session)}
    assert set(mails) == {"anna@ring.example", "bernd@ring.example"}
    assert mails["anna@ring.example"].count("Proposed: Laser A") == 2
    assert "Proposed: Laser C" in mails["bernd@ring.example"]
    assert "Stays, if the repair is done in time" in mails["bernd@ring.example"]
    do(session, blockings.lift, closure_id)
    deliver(session)
    works_again, mail = forget(session)
    assert (works_again.to_address, works_again.subject) == ("bernd@ring.example", "Works again: Laser B")
    assert works_again.body.count("Takes place as reserved") == 2  # what was proposed is not needed
    assert (mail.to_address, mail.subject) == ("anna@ring.example", "Free again: Laser B, your old time")
    assert mail.body.count("/reservations/") >= 2
    do(session, replan.go_back, hit[0][Outcome.TWIN])  # so that the closure can be looked at again
    deliver(session)
    assert [one.subject for one in forget(session) if one.subject.startswith("Free again")] == []


# Who may have a machine of the same kind at the same time or later, who is asked, and who waits for the repair.
PLANNED = {
    "anna": """Laser B is closed: Mon 23 November, 8:00 to Wed 25 November, 8:00.
Reason:
> Tube
Proposed: Laser A at the same time, Mon 23 November, 13:00 to 15:00
Proposed: Laser A, Mon 23 November, 20:00 to 22:00 instead of Mon 23 November, 18:00 to 20:00
The proposed time is reserved for you. Accept or decline it here; until it begins, declining is never late:""",
    "anke": """Laser B ist gesperrt: Mo., 23. November, 8:00 bis Mi., 25. November, 8:00.
Grund:
> Tube
Vorgeschlagen: Laser A zur selben Zeit, Mo., 23. November, 13:00 bis 15:00
Vorgeschlagen: Laser A, Mo., 23. November, 20:00 bis 22:00 statt Mo., 23. November, 18:00 bis 20:00
Die vorgeschlagene Zeit ist für Sie reserviert. Hier nehmen Sie sie an oder lehnen sie ab; bis zu ihrem Beginn gilt\
 Ablehnen nie als zu kurzfristig:""",
    "bernd": """Laser B is closed: Mon 23 November, 8:00 to Wed 25 November, 8:00.
Reason:
> Tube
Proposed: Laser C at the same time, Tue 24 November, 5:00 to 7:00
Held for you until Tue 24 November, 5:00. Without an answer your reservation is cancelled then; that costs nothing.
Take it or decline it: the link leads to two buttons, without logging in.
Stays, if the repair is done in time: Wed 25 November, 20:00 to 22:00
See your reservations here:""",
    "beate": """Laser B ist gesperrt: Mo., 23. November, 8:00 bis Mi., 25. November, 8:00.
Grund:
> Tube
Vorgeschlagen: Laser C zur selben Zeit, Di., 24. November, 5:00 bis 7:00
Für Sie freigehalten bis Di., 24. November, 5:00. Ohne Antwort wird Ihre Reservierung dann storniert; das kostet nichts.
Annehmen oder ablehnen: Der Link führt ohne Anmeldung zu zwei Knöpfen.
Bleibt, wenn die Reparatur rechtzeitig fertig ist: Mi., 25. November, 20:00 bis 22:00
Ihre Reservierungen sehen Sie hier:""",
}


def test_the_mail_of_a_plan_says_in_either_language_what_is_proposed_held_or_stays(session, sample_ring, hit):
    for name, member_id in (("Anke", sample_ring.anna), ("Beate", sample_ring.bernd)):
        login(session, name, now=MONDAY, member_id=member_id, language="de")
    do(session, replan.confirm, hit[1], replan.make_plan(session, hit[1], now=MONDAY).digest)
    deliver(session)

    mails = [one for one in forget(session) if ":replanned:" in one.key]
    lines = {one.to_address.partition("@")[0]: mail_text(one).splitlines()[1:] for one in mails}
    texts = {name: "\n".join(line for line in all_ if line and "://" not in line) for name, all_ in lines.items()}
    assert {name: text[: len(PLANNED[name])] for name, text in texts.items()} == PLANNED


def test_no_mail_says_what_was_answered_or_undone_before_it_goes_out(session, hit):
    ids, closure_id = hit
    deliver(session)
    forget(session)
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    do(session, blockings.lift, closure_id)
    do(session, replan.go_back, ids[Outcome.TWIN])
    deliver(session)

    mails = [(one.to_address, one.body) for one in forget(session) if "is closed:" in mail_text(one)]
    assert [address for address, _body in mails] == ["anna@ring.example"]  # nothing is left to answer for Bernd
    assert mails[0][1].count("Proposed:") == 1


def test_a_later_repair_is_told_to_those_who_wait_for_it_and_another_reason_is_not(session, hit):
    _ids, closure_id = hit
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    deliver(session)
    forget(session)
    do(session, blockings.change, closure_id, hours(MONDAY, 0, 48), "Another part")
    deliver(session)
    assert forget(session) == []
    do(session, blockings.change, closure_id, hours(MONDAY, 0, 61), "Another part")
    deliver(session)
    (mail,) = forget(session)
    assert (mail.to_address, mail.subject) == (
        "bernd@ring.example",
        "Still closed: Laser B, until Wed 25 November, 21:00",
    )
    assert "still held" in mail.body
    assert "The workshop looks for another time" in mail.body
    do(session, blockings.change, closure_id, hours(MONDAY, 0, 50), "Another part")
    deliver(session)
    assert ["Stays, if the repair is done in time" in one.body for one in forget(session)] == [True]


@pytest.mark.parametrize("answer", ["accept", "decline", "lapse"])
def test_the_link_of_the_mail_answers_once_without_a_log_in(session, hit, lasers, client, clock, answer):
    ids, closure_id = hit
    clock.instant = MONDAY
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    deliver(session)
    mails = {one.to_address: mail_text(one) for one in forget(session) if ":replanned:" in one.key}
    link = re.search(r"https?://\S+?(/proposed/\S+)", mails["bernd@ring.example"])[1]
    assert redacted(f"GET {link}") == "GET /proposed/***"
    opened = client.get(link).text
    assert "Laser C" in opened
    assert "Für Sie freigehalten bis" in opened
    assert client.post(link, data={"answer": "nonsense", "revision": "1"}).status_code == 200
    assert client.post(link, data={"answer": "accept", "revision": "0"}).status_code == 409  # changed since
    if answer == "lapse":
        clock.instant = hours(MONDAY, 21, 23).start
        assert client.get(link).status_code == 404
        assert [jobs.lapse_offers(session) for _run in range(2)] == [1, 0]
    else:
        assert client.post(link, data={"answer": answer, "revision": "1"}).status_code == 303
    after = stored(session)[ids[Outcome.OFFER]]
    assert after.machine_id == (lasers[2] if answer == "accept" else lasers[1])
    assert after.status == (Status.CONFIRMED if answer == "accept" else Status.CANCELLED)
    ended = client.get(link)
    assert ended.status_code == 404
    assert "nicht mehr offen" in ended.text
    assert client.get("/proposed/nonsense").status_code == 404
    deliver(session)
    lapsed = [mail_text(one) for one in forget(session) if ":proposal_ended:" in one.key]
    assert ["did not answer" in text for text in lapsed] == ([True] if answer == "lapse" else [])


def test_who_could_not_hear_of_a_proposal_in_time_gets_its_time_from_then(session, sample_ring, lasers, clock):
    """No worker ran for longer than it is held; and a mail that says more than its links is not lost with them."""
    book(session, lasers[0], sample_ring.bernd, 120, 168)
    offered, later = (book(session, lasers[1], sample_ring.anna, start, start + 2) for start in (121, 180))
    closure_id = close(session, lasers[1], 120, 168)
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    clock.instant = MONDAY + timedelta(hours=30)

    assert jobs.lapse_offers(session) == 0
    deliver(session, now=clock.instant)

    (mail,) = session.scalars(select(Mail).where(Mail.key.contains(":replanned:")))
    assert "Held for you until Wed 25 November, 14:00" in mail_text(mail)
    assert "if the repair is done in time" in mail_text(mail)
    assert "attachment" not in mail_text(mail)  # nothing changed yet, so it has none
    assert mail.link_ends_at == clock.instant + timedelta(days=3)
    assert jobs.lapse_offers(session) == 0
    clock.instant += timedelta(hours=24)
    assert jobs.lapse_offers(session) == 1
    assert {one: stored(session)[one].status for one in (offered, later)} == {
        offered: Status.CANCELLED,
        later: Status.CONFIRMED,
    }


def test_nobody_takes_another_proposal_than_the_page_showed(app, log_in, session, sample_ring, hit, lasers):
    ids, closure_id = hit
    offered = ids[Outcome.OFFER]
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    bernd = log_in(sample_ring.bernd_login)
    seen = [one for one in forms_of(bernd.get(f"/reservations/{offered}").text) if "revision" in one]
    assert len(seen) == 2  # take it; decline and cancel
    program = program_of(app, session, sample_ring.bernd_login, now=MONDAY)
    shown = program.get(f"/reservations/{offered}/proposed-time")
    assert shown.json["proposed"] == {
        "answer": "take-offer",
        "machine_id": lasers[2],
        "starts_at": "2026-11-24T04:00:00Z",
        "ends_at": "2026-11-24T06:00:00Z",
        "lapses_at": "2026-11-24T04:00:00Z",
        "is_possible": True,
    }
    anna = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    assert anna.get(f"/reservations/{offered}/proposed-time").status_code == 404
    close(session, lasers[2], 20, 24)  # what was proposed is closed as well
    assert program.get(f"/reservations/{offered}/proposed-time").json == {"proposed": None}
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)

    refused = bernd.post(f"/reservations/{offered}/proposed-time", data=seen[0])

    assert refused.status_code == 409
    by_program = program.post(f"/reservations/{offered}/take-offer", If_Match=shown.headers["ETag"])
    assert by_program.status_code == 412, by_program.json
    assert stored(session)[offered].machine_id == lasers[1]


def test_a_plan_of_many_pages_is_read_in_constant_statements_and_carried_out_as_a_whole(
    wanda, session, sample_ring, lasers, monkeypatch
):
    monkeypatch.setattr(replan_form, "ROWS_MAX", 2)
    ids = [book(session, lasers[1], sample_ring.anna, start, start + 1) for start in range(5, 10)]
    path = f"/workshop/closures/{close(session, lasers[1])}/plan"
    first = wanda.get(path).text
    assert "<dt>Same time, another machine</dt><dd>5</dd>" in first  # what the whole plan has
    assert "Same time, another machine (2 of 5)" in first
    assert '<details class="open-r" open>' in first  # who turns pages reads lines
    assert "Page 1 of 3" in first
    assert [f"line_{one}" in first for one in ids] == [True, True, False, False, False]
    second = wanda.post(path, data=chosen(first, f"line_{ids[0]}", "cancel") | {"page": "2"})
    assert second.status_code == 200
    assert [f"line_{one}" in second.text for one in ids] == [
        True,
        False,
        True,
        True,
        False,
    ]  # the first is kept, hidden
    assert stored(session)[ids[0]].status == Status.CONFIRMED  # nothing is carried out yet
    refused = wanda.post(path, data=form_with(second.text, f"line_{ids[2]}") | {f"line_{ids[2]}": "on:999"})
    assert refused.status_code == 422
    assert "Page 2 of 3" in refused.text
    assert wanda.post(path, data=form_with(second.text, f"line_{ids[2]}")).status_code == 303
    rows = stored(session)
    assert [rows[one].machine_id for one in ids] == [lasers[1], *[lasers[0]] * 4]
    assert rows[ids[0]].status == Status.CANCELLED


def forget(session):
    mails = session.scalars(select(Mail).order_by(Mail.id)).all()
    session.expunge_all()
    with write_transaction(session):
        for mail in session.scalars(select(Mail)):
            session.delete(mail)
    return mails


def test_members_answer_by_one_tap(log_in, session, sample_ring, hit, lasers):
    ids, closure_id = hit
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    offered, moved = ids[Outcome.OFFER], ids[Outcome.TWIN]

    page = bernd.get(f"/reservations/{offered}").text
    assert "The workshop proposes Laser C" in page
    assert "Your old time is free again" not in anna.get(f"/reservations/{moved}").text
    assert anna.post(f"/reservations/{offered}/proposed-time", data=form_with(page, "csrf_token")).status_code == 404
    assert bernd.post(f"/reservations/{offered}/proposed-time", data=form_with(page, "csrf_token")).status_code == 303
    token = form_with(anna.get(f"/reservations/{moved}").text, "csrf_token")
    assert anna.post(f"/reservations/{moved}/old-time", data=token).status_code == 409
    do(session, blockings.lift, closure_id)
    assert "Your old time is free again" in anna.get(f"/reservations/{moved}").text
    assert anna.post(f"/reservations/{moved}/old-time", data=token).status_code == 303
    assert anna.post(f"/reservations/{moved}/old-time", data=token).status_code == 409
    rows = stored(session)
    assert [rows[one].machine_id for one in (offered, moved)] == [lasers[2], lasers[1]]


def test_programs_report_a_breakdown_and_confirm_its_plan(app, session, sample_ring, lasers):
    api = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    a, b, _c = lasers
    first = book(session, b, sample_ring.anna, 5, 7)
    made = api.post("/breakdowns", {"machine_id": b, "ends_at": "2026-11-25T08:00:00Z", "reason": "Tube"})
    assert made.status_code == 201, made.json
    closure_id, plan = made.json["closure"]["id"], made.json["plan"]
    assert [(one["reservation_id"], one["outcome"], one["target"]["machine_id"]) for one in plan["lines"]] == [
        (first, "twin", a)
    ]
    path = f"/breakdowns/{closure_id}"
    stale = api.post(f"{path}/confirm", {"digest": ""})
    assert (stale.status_code, stale.json["code"]) == (409, "plan_changed")
    assert [one["field"] for one in stale.json["violations"]] == [f"reservations.{first}"]
    done = api.post(f"{path}/confirm", {"digest": plan["digest"]})
    assert (done.status_code, done.json["plan"]["lines"]) == (200, [])
    later = api.patch(path, {"ends_at": "2026-11-26T08:00:00Z"}, **{"If-Match": '"0"'})
    assert (later.status_code, later.json["closure"]["revision"]) == (200, 1)
    assert api.patch(path, {"ends_at": "2026-11-20T08:00:00Z"}).status_code == 422
    assert api.post(f"{path}/end").json["plan"] is None
    assert api.post(f"{path}/end").status_code == 409
    assert api.post(f"{path}/confirm", {"digest": plan["digest"]}).status_code == 409
    back = api.post(f"/reservations/{first}/go-back")
    assert (back.status_code, back.json["machine_id"]) == (200, b)
    assert api.post(f"/reservations/{first}/take-offer").json["code"] == "old_time_gone"
    past = api.post("/breakdowns", {"machine_id": b, "ends_at": "2026-11-01T08:00:00Z"})
    assert past.status_code == 422
    assert queries.closure(session, closure_id).lifted_at is not None
