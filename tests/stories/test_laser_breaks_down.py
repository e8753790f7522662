"""Story S4: laser B breaks down with its reservations ahead; A is its twin, C a larger one of the group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.mail.models import Mail
from app.worker import jobs
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Member
from calendars import tokens
from tests.builders import SOMEBODY, induct, induction_kind, login, machine, mail_text
from tests.integration.mails.test_notifications import deliver
from tests.stories.conftest import sent, words_of
from tests.web.filled_forms import form_with
from tests.web.programs import program_of

MIDNIGHT = datetime(2027, 4, 11, 22, tzinfo=UTC)  # of Monday, 12 April, in Berlin
NINE, BROKEN = MIDNIGHT + timedelta(hours=9), MIDNIGHT + timedelta(hours=9, minutes=12)
REPAIRED = {"end_date": "2027-04-22", "end_time": "23:00"}
BUSY_DAYS, BUSY_HOURS = (8, 9, 10), (10, 13, 16)  # 20 to 22 April: A is taken at the times of B


@dataclass(frozen=True)
class Figures:
    """How many reservations of B there are of each kind, and of how many members."""

    twins: int
    shifts: int
    offers: int
    later: int
    members: int

    @property
    def all(self) -> int:
        return self.twins + self.shifts + self.offers + self.later

    def starts(self) -> list[datetime]:
        """Two a day from Tuesday on where A is free, three a day where it is not, one a day after the repair."""
        free = [(1 + at // 2, (10, 14)[at % 2]) for at in range(self.twins)]
        busy = [(day, hour) for day in BUSY_DAYS for hour in BUSY_HOURS][: self.shifts + self.offers]
        late = [(11 + at, 10) for at in range(self.later)]
        return [MIDNIGHT + timedelta(days=day, hours=hour) for day, hour in (*free, *busy, *late)]


FORTY = Figures(twins=14, shifts=5, offers=4, later=17, members=29)
FEW = Figures(twins=8, shifts=3, offers=2, later=5, members=13)


@dataclass
class Story:
    """The ring of the story. ids: the reservations of B in the order of time, of the members in turn."""

    figures: Figures
    manager: object
    bernd: object
    lasers: list[int]
    ids: list[int]

    def reservation(self, at: int) -> dict:
        return self.manager.get(f"/reservations/{self.ids[at]}").json


@pytest.fixture(params=[FORTY, FEW], ids=["forty", "few"])
def story(request, app, session, sample_ring, clock):
    """Everybody has the induction for A and B, all but one the one for C; that of another one ends on 18 April."""
    figures, clock.instant = request.param, MIDNIGHT + timedelta(hours=7)
    laser, large = (induction_kind(session, name) for name in ("Lasers", "Large lasers"))
    kinds = {"a": laser, "b": laser, "c": large}
    lasers = [
        machine(session, sample_ring.hall, f"laser-{name}", name=f"Laser {name.upper()}", induction_kind_id=kind)
        for name, kind in kinds.items()
    ]
    members = [sample_ring.anna, *_members(session, figures.members - 1)]
    for member_id in (*members, sample_ring.bernd):
        induct(session, member_id, laser, date(2027, 1, 1))
        induct(session, member_id, large, date(2027, 1, 1))
    first_single = figures.all - figures.members  # the first member with one reservation
    _end(session, members[first_single], laser, date(2027, 4, 18))
    _end(session, members[figures.twins + figures.shifts], large, date(2027, 1, 2))
    manager = program_of(app, session, sample_ring.wanda_login, now=clock.instant)
    ranked = [{"machine_id": one, "rank": rank} for one, rank in zip(lasers, (1, 1, 2), strict=True)]
    assert (
        manager.post("/groups", {"name": "Lasers", "workshop_id": sample_ring.hall, "machines": ranked}).status_code
        == 201
    )

    def reserve(machine_id, member_id, start, hours=2, **more):
        end = start + timedelta(hours=hours)
        wish = {"machine_id": machine_id, "member_id": member_id, "starts_at": _text(start), "ends_at": _text(end)}
        answer = manager.post("/reservations", wish | more)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    running = reserve(lasers[1], sample_ring.bernd, NINE, 1)
    starts = figures.starts()
    tolerant = range(figures.twins, figures.twins + figures.shifts)
    ids = [
        reserve(lasers[1], members[at % figures.members], start, may_move_min=360 if at in tolerant else 0)
        for at, start in enumerate(starts)
    ]
    for start in starts[figures.twins : -figures.later]:
        reserve(lasers[0], sample_ring.bernd, start)
    clock.instant = NINE
    assert manager.post(f"/reservations/{running}/hand-out", {}).status_code == 200
    clock.instant = BROKEN
    return Story(figures, manager, program_of(app, session, sample_ring.bernd_login, now=NINE), lasers, ids)


def _members(session, count):
    with write_transaction(session):
        made = [Member(name=f"Farm {n}", number=f"F-{n}", email=f"farm{n}@ring.example") for n in range(count)]
        session.add_all(made)
        session.flush()
        return [one.id for one in made]


def _end(session, member_id, kind_id, day):
    with write_transaction(session):
        session.scalars(select(Induction).filter_by(member_id=member_id, kind_id=kind_id)).one().valid_until = day


def _text(instant):
    return instant.isoformat()


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def groups_of(page):
    """How many reservations each group of the plan has."""
    words = words_of(page)
    names = {"twin": "Same time, another machine", "shift": "A little earlier or later", "offer": "Ask the member"}
    names |= {"none": "Nothing found", "later": "Later, at risk"}
    return {key: int(words.split(f"{name} (")[1].split(")")[0]) for key, name in names.items() if f"{name} (" in words}


def test_a_breakdown_is_planned_carried_out_and_answered(
    story, wanda, clock, session, subscribed, entries, ring_command, log_in, sample_ring
):
    figures = story.figures
    feeds = [subscribed(log_in(sample_ring.anna_login)), *_feeds(session, figures.members - 1, clock.instant)]
    before, entries_before = [story.reservation(at) for at in range(figures.all)], _entries(entries, feeds, story)
    deliver(session, now=clock.instant)
    known = set(session.scalars(select(Mail.id)))

    # 1. "Broken, back about 22 April", from the machine's QR page, and the preview.
    assert "Close now" in wanda.get("/usage/at/laser-b").text
    form = form_with(wanda.get("/workshop/closures/new?machine=laser-b&now=1").text, "around_reservations")
    plan = sent(wanda.post("/workshop/closures/new", data=form | {"reason": "Tube"} | REPAIRED))
    page = wanda.get(plan)
    expected = {"twin": figures.twins, "shift": figures.shifts, "offer": figures.offers, "later": figures.later}
    assert groups_of(page) == expected
    assert "Running now" in page.text
    assert sum(expected.values()) == figures.all

    # 2. A member who reserves A at that second precedes the plan: that move becomes an offer, and nothing else happens.
    taken = before[1]
    wish = {"machine_id": story.lasers[0], "starts_at": taken["starts_at"], "ends_at": taken["ends_at"]}
    rival = story.bernd.post("/reservations", wish)
    assert rival.status_code == 201
    refused = wanda.post(plan, data=form_with(page.text, "digest"))
    assert refused.status_code == 409
    assert groups_of(refused) == expected | {"twin": figures.twins - 1, "offer": figures.offers + 1}
    assert [story.reservation(at) for at in range(figures.all)] == before
    assert story.bernd.post(f"/reservations/{rival.json['id']}/cancel", {}).status_code == 200
    sent(wanda.post(plan, data=form_with(wanda.get(plan).text, "digest")))
    assert story.bernd.post("/reservations", wish).status_code == 409
    ring_command("check", "overlaps")

    # 4. Every reservation has its uid, what was moved one revision more and its new place; one message for each member.
    after = [story.reservation(at) for at in range(figures.all)]
    assert [one["uid"] for one in after] == [one["uid"] for one in before]
    moved = figures.twins + figures.shifts
    assert {one["revision"] for one in after[:moved]} == {1}
    assert {one["machine_id"] for one in after[: figures.twins]} == {story.lasers[0]}
    assert [one["starts_at"] for one in after[: figures.twins]] == [one["starts_at"] for one in before[: figures.twins]]
    assert after[-figures.later :] == before[-figures.later :]
    shown = _entries(entries, feeds, story)
    grown = [int(new["SEQUENCE"]) - int(old["SEQUENCE"]) for new, old in zip(shown, entries_before, strict=True)]
    assert (set(grown[:moved]), set(grown[-figures.later :])) == ({1}, {0})
    assert {str(one["SUMMARY"]) for one in entries_before} == {"Laser B"}
    assert {str(one["SUMMARY"]) for one in shown[: figures.twins]} == {"Laser A"}
    assert [one.start for one in shown] == [datetime.fromisoformat(one["starts_at"]) for one in after]
    deliver(session, now=clock.instant)
    mails = [one for one in session.scalars(select(Mail)) if one.id not in known and ":replanned:" in one.key]
    assert len({one.to_address for one in mails}) == len(mails) == figures.members

    # 6. Who lacks the induction for C is never offered it; whose induction ends is told so in the same message.
    by_address = {one.to_address: mail_text(one) for one in mails}
    single, unfit = figures.all - figures.members, figures.twins + figures.shifts
    assert "Ihre Einweisung für diese Maschine endet am" in by_address[f"farm{single - 1}@ring.example"]
    assert "Vorgeschlagen: Laser C" not in by_address[f"farm{unfit - 1}@ring.example"]
    assert "Vorgeschlagen: Laser C" in by_address[f"farm{unfit}@ring.example"]

    # 5. The repair slips to 25 April: only what is newly hit is planned again.
    path = f"/breakdowns/{plan.split('/')[3]}"
    slipped = story.manager.patch(path, {"ends_at": "2027-04-25T21:00:00Z"}).json["plan"]
    newly = [
        one["reservation_id"] for one in slipped["lines"] if one["outcome"] not in ("offered", "running", "at_risk")
    ]
    # What was proposed to the first of those who were asked is a time of B itself, which is closed now.
    assert newly == [story.ids[unfit], *story.ids[unfit + figures.offers :][:3]]
    confirmed = story.manager.post(f"{path}/confirm", {"digest": slipped["digest"]})
    assert [story.reservation(at) for at in range(moved)] == after[:moved]

    evening = MIDNIGHT + timedelta(days=8, hours=18)
    wish = {"machine_id": story.lasers[1], "starts_at": _text(evening), "ends_at": _text(evening + timedelta(hours=1))}
    assert story.bernd.post("/waiting-list", wish).json["position"] == 1
    assert story.bernd.get("/offers").json["items"] == []

    # 1. What is offered is held for 24 hours; who takes it has it, and what lapses is cancelled, once, however often
    # the job runs. 4. Its entry says so.
    held = [one for one in confirmed.json["plan"]["lines"] if one["outcome"] == "offered"]
    taken, *unwanted = [one["reservation_id"] for one in held]
    declined, lapsed = unwanted[1:2], [*unwanted[:1], *unwanted[2:]]
    wish = {key: held[0]["target"][key] for key in ("machine_id", "starts_at", "ends_at")}
    assert story.bernd.post("/reservations", wish).json["code"] == "slot_taken"
    answered = story.manager.post(f"/reservations/{taken}/take-offer").json
    assert {key: answered[key] for key in wish} == wish
    for one in declined:
        assert story.manager.post(f"/reservations/{one}/decline-offer").json["status"] == "cancelled"
    deliver(session, now=clock.instant)
    clock.instant += timedelta(hours=23, minutes=59)
    assert jobs.lapse_offers(session) == 0
    clock.instant += timedelta(minutes=1)
    assert [jobs.lapse_offers(session) for _retry in range(3)] == [len(lapsed), 0, 0]
    ended = {one["id"]: one for at in range(figures.all) if (one := story.reservation(at))["status"] == "cancelled"}
    assert set(ended) == {*declined, *lapsed}
    assert not any(one["is_late_cancel"] for one in ended.values())
    assert story.manager.post(f"/reservations/{lapsed[0]}/take-offer").json["code"] == "old_time_gone"
    shown = _entries(entries, feeds, story)
    ended_at = [at for at, reservation_id in enumerate(story.ids) if reservation_id in ended]
    assert {at for at, one in enumerate(shown) if one["STATUS"] == "CANCELLED"} == set(ended_at)
    ring_command("check", "overlaps")

    # Repaired early on 19 April: who was moved may go back, while the old time is free; who waits is offered the rest.
    clock.instant = MIDNIGHT + timedelta(days=7, hours=9)
    assert story.manager.post(f"{path}/end").status_code == 200
    deliver(session, now=clock.instant)
    assert any(":old_time_free:" in one.key for one in session.scalars(select(Mail)))
    (offer,) = story.bernd.get("/offers").json["items"]
    assert {key: datetime.fromisoformat(offer[key]) for key in ("starts_at", "ends_at")} == {
        "starts_at": evening,
        "ends_at": evening + timedelta(hours=1),
    }
    first, second = before[figures.twins], before[figures.twins + 1]
    wish = {"machine_id": story.lasers[1], "starts_at": second["starts_at"], "ends_at": second["ends_at"]}
    assert story.bernd.post("/reservations", wish).status_code == 201
    back = story.manager.post(f"/reservations/{first['id']}/go-back")
    assert (back.json["machine_id"], back.json["starts_at"]) == (story.lasers[1], first["starts_at"])
    assert story.manager.post(f"/reservations/{second['id']}/go-back").status_code == 409
    ring_command("check", "overlaps")

    # 4. What came to nothing stays in the feed for 90 days, as cancelled.
    clock.instant = MIDNIGHT + timedelta(days=9 + 90)
    assert {shown[at]["UID"] for at in ended_at} == {
        one["UID"] for feed in feeds for one in entries(feed) if one["STATUS"] == "CANCELLED"
    }


def _feeds(session, count, now):
    """The addresses of the feeds of that many members, as each would subscribe to the own reservations."""
    made = []
    for at in range(count):
        member_id = session.scalars(select(Member.id).filter_by(number=f"F-{at}")).one()
        user_id = login(session, f"Farm{at}", now=now, member_id=member_id, language="de")
        with write_transaction(session):
            wish = tokens.FeedWish(tokens.FULL, member_id=member_id)
            made.append(f"/feeds/{tokens.create(session, user_id, wish, by=SOMEBODY, now=now).secret}.ics")
    return made


def _entries(entries, feeds, story):
    """The entry of each reservation of B; each is in one feed, once."""
    found = [one for feed in feeds for one in entries(feed)]
    by_uid = {str(one["UID"]): one for one in found}
    assert len(by_uid) == len(found) == len(story.ids)
    return [by_uid[story.reservation(at)["uid"]] for at in range(len(story.ids))]
