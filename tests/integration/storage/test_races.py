"""Four server processes, sixty-four clients: every race has exactly one winner, and every loser is told what is free.

The clock of these tests is the real one, because the servers are real. How long each race took is printed.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.auth import api_tokens
from app.auth.models import User
from app.extensions import db
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests import builders
from tests.builders import SOMEBODY
from tests.conftest import SECRET_KEY
from tests.ring_check import ring_check
from tests.servers import Answer, Client, all_at_once, fleet

PROCESSES, CLIENTS = 4, 64
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
FIRST_HOUR = NOW + timedelta(days=10)


@dataclass(frozen=True)
class Field:
    """Where the races are run: the servers, their clients, the sample_ring."""

    app: Flask
    sample_ring: builders.SampleRing
    machines: list[int]
    clients: list[Client]
    manager: Client


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A sample_ring with sixty-four members more, and four servers on its database."""
    folder = tmp_path_factory.mktemp("races")
    with request.getfixturevalue(f"{request.param}_template").copy(folder) as url:
        app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=folder / "instance")
        with app.app_context():
            yield from _prepared(app, url, folder)
            db.session.remove()
            db.engine.dispose()


def _prepared(app: Flask, url: str, folder: Path) -> Iterator[Field]:
    session = db.session()
    builders.ring(session)
    sample_ring = builders.sample_ring(session, now=NOW)
    machines = [builders.machine(session, sample_ring.hall, f"tractor-{number}", kind="tractor") for number in range(5)]
    tokens = _tokens_of_new_members(CLIENTS)
    with write_transaction(session):
        managers_token = _token(sample_ring.wanda_login)
    with fleet(url, folder / "instance", PROCESSES) as ports:
        clients = [Client(ports[number % PROCESSES], token) for number, token in enumerate(tokens)]
        manager = Client(ports[0], managers_token)
        yield Field(app, sample_ring, machines, clients, manager)
        for client in (*clients, manager):
            client.close()
    # One would be tried again and go unseen: locks are taken in one order (docs/locking.md).
    if db.engine.name == "postgresql":
        counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert session.scalar(counted) == 0


def _tokens_of_new_members(count: int) -> list[str]:
    session = db.session()
    with write_transaction(session):
        members = [Member(name=f"Farm {number}", number=f"R-{number}") for number in range(count)]
        session.add_all(members)
        session.flush()
        users = [
            User(email=f"farm{one.id}@ring.example", name=one.name, member_id=one.id, created_at=NOW, language="en")
            for one in members
        ]
        session.add_all(users)
        session.flush()
        return [_token(user.id) for user in users]


def _token(user_id: int) -> str:
    return api_tokens.create(db.session(), user_id, label="race", is_read_only=False, by=SOMEBODY, now=NOW)


def wish(machine_id: int, start: datetime, hours: float = 1) -> dict[str, Any]:
    end = start + timedelta(hours=hours)
    return {"machine_id": machine_id, "starts_at": start.isoformat(), "ends_at": end.isoformat()}


def reserve(client: Client, content: dict[str, Any], **headers: str) -> Answer:
    return client.send("POST", "/reservations", content, **headers)


def tell(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, answers: list[Answer]) -> None:
    """Print how long a race took."""
    seconds = sorted(answer.seconds for answer in answers)
    told = f"{len(answers)} requests, median {median(seconds) * 1000:.0f} ms, longest {seconds[-1] * 1000:.0f} ms"
    with capsys.disabled():
        sys.stdout.write(f"\n  {request.node.name}: {told}\n")


def assert_schedule_is_sound() -> None:
    assert ring_check(db.session()) == {}


def test_of_series_in_each_others_way_one_is_entered_whole(field, capsys, request):
    """Eight series of eight days, each a day later than the one before, sent in the opposite order at once."""
    hours = range(8)
    bodies = [
        wish(field.machines[4], FIRST_HOUR + timedelta(days=30 + day)) | {"rrule": "FREQ=DAILY;COUNT=8"}
        for day in hours
    ]
    senders = [partial(field.clients[number].send, "POST", "/series", bodies[-1 - number]) for number in hours]

    answers = all_at_once(senders)

    tell(capsys, request, answers)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 7}
    (winner,) = (number for number, answer in enumerate(answers) if answer.status == 201)
    path = f"/series/{answers[winner].content['id']}"
    both = (field.clients[winner], field.manager)
    cancelled = all_at_once([partial(one.send, "POST", f"{path}/cancel", {}) for one in both])
    assert {answer.status for answer in cancelled} == {200}
    assert {one["status"] for answer in cancelled for one in answer.content["dates"]} == {"cancelled"}
    assert_schedule_is_sound()


def test_a_plan_after_a_breakdown_and_requests_for_the_twin_exclude_each_other(field, capsys, request):
    """Two managers confirm one plan while two members ask for times that it needs, again and again.

    Either the plan is carried out and they are refused what it took, or one of them came first and it is refused.
    """
    session, answers = db.session(), []
    broken, twin = (
        builders.machine(session, field.sample_ring.hall, f"planned-{number}", horizon_days=400) for number in range(2)
    )
    ranked = [{"machine_id": machine_id, "rank": 1} for machine_id in (broken, twin)]
    group = {"name": "Planned", "workshop_id": field.sample_ring.hall, "machines": ranked}
    assert field.manager.send("POST", "/groups", group).status == 201
    starts = [NOW + timedelta(hours=hour) for hour in range(2, 18)]
    for client, start in zip(field.clients, starts, strict=False):
        assert reserve(client, wish(broken, start)).status == 201
    closed = {"machine_id": broken, "ends_at": (NOW + timedelta(hours=24)).isoformat(), "reason": "Tube"}
    made = field.manager.send("POST", "/breakdowns", closed)
    path, planned = f"/breakdowns/{made.content['closure']['id']}/confirm", made.content["plan"]
    other = Client(field.clients[1].port, field.manager.token)
    asking = field.clients[20:36]
    for _race in range(6):
        tasks = [partial(one.send, "POST", path, {"digest": planned["digest"]}) for one in (field.manager, other)]
        asked = [starts.pop(), starts.pop()]
        tasks += [partial(reserve, client, wish(twin, at)) for client, at in zip(asking, asked, strict=False)]
        heat = all_at_once(tasks)
        answers += heat
        confirmed = [answer.status for answer in heat[:2]]
        served = {at for at, answer in zip(asked, heat[2:], strict=True) if answer.status == 201}
        taken = {datetime.fromisoformat(one["starts_at"]) for one in taken_by(planned) if one["machine_id"] == twin}
        if taken_by(planned):  # else there is nothing to do twice
            assert confirmed.count(200) == (0 if served & taken else 1)
        assert {answer.status for answer in heat} <= {200, 201, 409}
        assert_schedule_is_sound()
        planned = field.manager.send("GET", path.removesuffix("/confirm")).content["plan"]
    other.close()
    assert field.manager.send("POST", path, {"digest": planned["digest"]}).status == 200
    assert_schedule_is_sound()
    tell(capsys, request, answers)


def taken_by(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the machines and times that a plan takes for reservations."""
    return [line["target"] for line in plan["lines"] if line["outcome"] in ("twin", "shift", "offer")]


def test_changes_of_a_series_and_cancellations_at_once_leave_it_whole(field, capsys, request):
    """A change against another one, against the cancellation of one date, and against that of the rest."""
    member, manager = field.clients[0], field.manager
    answers: list[Answer] = []
    for race in range(3):
        starts_at = FIRST_HOUR + timedelta(days=60 + race * 10)
        made = member.send("POST", "/series", wish(field.machines[4], starts_at) | {"rrule": "FREQ=DAILY;COUNT=8"})
        path, dates = f"/series/{made.content['id']}", made.content["dates"]
        following = {"scope": "following", "day": dates[3]["day"], "length_minutes": 30}
        against = (
            ("PATCH", path, {"scope": "all", "purpose": "Straw"}),
            ("POST", f"/reservations/{dates[4]['reservation_id']}/cancel", {}),
            ("POST", f"{path}/cancel", {"since": dates[5]["day"]}),
        )[race]

        both = all_at_once([partial(member.send, "PATCH", path, following), partial(manager.send, *against)])

        assert [answer.status for answer in both] == [200, 200]
        answers += both
        assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_of_sixty_four_who_want_one_span_one_is_served(field, capsys, request):
    answers: list[Answer] = []
    for race in range(5):
        content = wish(field.sample_ring.combine, FIRST_HOUR + timedelta(days=race))

        heat = all_at_once([partial(reserve, client, content) for client in field.clients])

        assert Counter(answer.status for answer in heat) == {201: 1, 409: CLIENTS - 1}
        answers += heat

    losers = [answer.content for answer in answers if answer.status == 409]
    assert {loser["code"] for loser in losers} == {"slot_taken"}
    assert {len(loser["alternatives"]) for loser in losers} == {3}
    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_each_of_two_hundred_contended_spans_has_one_winner(field, capsys, request):
    spans = [(machine, FIRST_HOUR + timedelta(hours=hour)) for machine in field.machines for hour in range(40)]
    wanted = spans * 3
    random.Random(500).shuffle(wanted)
    shares = [wanted[number::CLIENTS] for number in range(CLIENTS)]

    def ask_for(client: Client, share: list[tuple[int, datetime]]) -> list[tuple[tuple[int, datetime], Answer]]:
        return [(span, reserve(client, wish(*span))) for span in share]

    tasks = [partial(ask_for, client, share) for client, share in zip(field.clients, shares, strict=True)]
    outcomes: dict[tuple[int, datetime], Counter[int]] = defaultdict(Counter)
    answers: list[Answer] = []
    for span, answer in (outcome for outcomes_of_one in all_at_once(tasks) for outcome in outcomes_of_one):
        outcomes[span][answer.status] += 1
        answers.append(answer)

    assert len(outcomes) == 200
    assert all(counted == {201: 1, 409: 2} for counted in outcomes.values())
    assert all(answer.content["alternatives"] for answer in answers if answer.status == 409)
    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_moves_and_requests_race_for_one_span_and_one_gets_it(field, capsys, request):
    machine, answers = field.machines[0], []
    for race in range(10):
        start = FIRST_HOUR + timedelta(days=20 + race)
        holders = field.clients[:4]
        held = [reserve(client, wish(machine, start + timedelta(hours=n))).content for n, client in enumerate(holders)]
        goal = start + timedelta(hours=6)

        def move(client: Client, reservation: dict[str, Any], goal: datetime = goal) -> Answer:
            times = {name: value for name, value in wish(machine, goal).items() if name != "machine_id"}
            return client.send("PATCH", f"/reservations/{reservation['id']}", times)

        tasks: list[Callable[[], Answer]] = [partial(move, *pair) for pair in zip(holders, held, strict=True)]
        tasks += [partial(reserve, client, wish(machine, goal)) for client in field.clients[4:12]]
        heat = all_at_once(tasks)

        assert Counter(answer.status // 100 for answer in heat) == {2: 1, 4: 11}
        assert {answer.status for answer in heat if answer.status >= 400} == {409}
        answers += heat

    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_members_who_move_into_each_others_time_both_stay_and_nobody_waits_for_ever(field, capsys, request):
    machine, answers = field.machines[1], []
    first, second = field.clients[:2]
    for race in range(10):
        start = FIRST_HOUR + timedelta(days=20 + race)
        mine, theirs = wish(machine, start), wish(machine, start + timedelta(hours=1))
        held = [reserve(first, mine).content["id"], reserve(second, theirs).content["id"]]

        def move(client: Client, reservation_id: int, goal: dict[str, Any]) -> Answer:
            times = {name: value for name, value in goal.items() if name != "machine_id"}
            return client.send("PATCH", f"/reservations/{reservation_id}", times)

        heat = all_at_once([partial(move, first, held[0], theirs), partial(move, second, held[1], mine)])

        assert [answer.status for answer in heat] == [409, 409]
        answers += heat

    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_racing_decisions_end_in_one_of_the_outcomes_in_a_row(field, capsys, request):
    answers = []
    for race in range(15):
        start = FIRST_HOUR + timedelta(days=race)
        member, others = field.clients[race], field.clients[16:22]
        asked = reserve(member, wish(field.sample_ring.splitter, start))
        assert asked.content["status"] == "requested"
        path = f"/reservations/{asked.content['id']}"

        heat = all_at_once(
            [
                partial(field.manager.send, "POST", f"{path}/approve"),
                partial(member.send, "POST", f"{path}/cancel", {}),
                *(partial(reserve, client, wish(field.sample_ring.splitter, start)) for client in others),
            ]
        )

        approved, cancelled, *requests = heat
        assert cancelled.status == 200
        assert approved.status in (200, 409)
        assert member.send("GET", path).content["status"] == "cancelled"
        # Whoever asked after the cancellation has the span; nobody else.
        assert Counter(answer.status for answer in requests)[201] <= 1
        assert {answer.status for answer in requests} <= {201, 409}
        answers += heat

    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_requests_and_cancellations_race_for_equal_places_and_all_that_is_confirmed_holds_its_places(
    field, capsys, request
):
    rack = field.sample_ring.cold_store

    def reserve_and_cancel(number: int, client: Client) -> list[Answer]:
        draw, answers = random.Random(number), []
        for _ in range(4):
            content = wish(rack, FIRST_HOUR + timedelta(hours=draw.randrange(12)), draw.randint(1, 6))
            entered = reserve(client, content | {"places": draw.randint(1, 8)})
            answers.append(entered)
            if entered.status == 201 and draw.random() < 0.5:
                answers.append(client.send("POST", f"/reservations/{entered.content['id']}/cancel", {}))
        return answers

    heats = all_at_once([partial(reserve_and_cancel, *pair) for pair in enumerate(field.clients[:24])])

    answers = [answer for heat in heats for answer in heat]
    assert {answer.status for answer in answers} <= {200, 201, 409}
    assert Counter(answer.status for answer in answers)[201] > 24
    assert_schedule_is_sound()
    tell(capsys, request, answers)


def test_one_key_sent_through_all_servers_at_once_has_one_effect_and_one_answer(field, capsys, request):
    member = field.clients[0]
    copies = [Client(client.port, member.token) for client in field.clients[:PROCESSES] * 2]
    answers = []
    for race in range(5):
        content = wish(field.machines[2], FIRST_HOUR + timedelta(days=30 + race))

        heat = all_at_once([partial(reserve, copy, content, Idempotency_Key=f"key-{race}") for copy in copies])

        assert {answer.status for answer in heat} == {201}
        assert len({answer.content["id"] for answer in heat}) == 1
        answers += heat

    for copy in copies:
        copy.close()
    assert_schedule_is_sound()
    tell(capsys, request, answers)
