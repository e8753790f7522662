"""Story S2, 1: at six in the morning thirty farms ask for the ten hours of one day, all at once.

Two hundred requests through four server processes, on SQLite and on PostgreSQL. How long it took is printed.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from app import create_app
from app.extensions import db
from tests import builders
from tests.conftest import SECRET_KEY
from tests.servers import Answer, Client, all_at_once, fleet

FARMS, PROCESSES, REQUESTS, HOURS = 30, 4, 200, 10
TODAY = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
OPENING = TODAY + timedelta(days=30)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ring(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, int, list]]:
    """A ring with one combine, four servers on its database, and a program for each farm."""
    folder = tmp_path_factory.mktemp("harvest")
    with request.getfixturevalue(f"{request.param}_template").copy(folder) as url:
        app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=folder / "instance")
        with app.app_context():
            combine, tokens = _ready_to_harvest(app)
            with fleet(url, folder / "instance", PROCESSES) as ports:
                farms = [Client(ports[number % PROCESSES], token) for number, token in enumerate(tokens)]
                yield app, combine, farms
                for farm in farms:
                    farm.close()
            db.session.remove()
            db.engine.dispose()


def _ready_to_harvest(app: Flask) -> tuple[int, list[str]]:
    session = db.session()
    builders.ring(session)
    combine = builders.machine(session, builders.workshop(session), "combine", charge_unit="ha")
    tokens = []
    for number in range(FARMS):
        member = builders.member(session, f"Farm {number}")
        email = f"farm{number}@ring.example"
        builders.login(session, f"Farm {number}", now=TODAY, member_id=member, email=email)
        result = app.test_cli_runner().invoke(args=["ring", "token", "add", email])
        assert result.exit_code == 0, result.output
        tokens.append(result.output.split()[-1])
    return combine, tokens


def ask(farm: Client, combine: int, hours: list[datetime]) -> list[Answer]:
    """One farm asks for hour after hour."""
    return [
        farm.send(
            "POST",
            "/reservations",
            {
                "machine_id": combine,
                "starts_at": hour.isoformat(),
                "ends_at": (hour + timedelta(hours=1)).isoformat(),
            },
        )
        for hour in hours
    ]


def wishes_of_the_morning() -> list[list[datetime]]:
    """Two hundred wishes for the ten hours of a day, dealt out to the farms."""
    wanted = [OPENING + timedelta(hours=number % HOURS) for number in range(REQUESTS)]
    random.Random(0).shuffle(wanted)
    return [wanted[farm::FARMS] for farm in range(FARMS)]


def test_each_hour_has_one_farm_and_every_other_three_ways_out(ring, capsys):
    app, combine, farms = ring
    mornings = zip(farms, wishes_of_the_morning(), strict=True)

    asked = all_at_once([partial(ask, farm, combine, hours) for farm, hours in mornings])
    answers = [answer for answers_of_one in asked for answer in answers_of_one]

    assert Counter(answer.status for answer in answers) == {201: HOURS, 409: REQUESTS - HOURS}
    assert {len(answer.content["alternatives"]) for answer in answers if answer.status == 409} == {3}
    held = Counter(answer.content["starts_at"] for answer in answers if answer.status == 201)
    assert set(held.values()) == {1}
    checked = app.test_cli_runner().invoke(args=["ring", "check", "overlaps"])
    assert checked.exit_code == 0, checked.output
    seconds = sorted(answer.seconds for answer in answers)
    with capsys.disabled():
        sys.stdout.write(
            f"\n  {REQUESTS} requests of {FARMS} farms, p95 {seconds[REQUESTS * 95 // 100] * 1000:.0f} ms\n"
        )
