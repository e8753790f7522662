"""All processes of a ring have one SECRET_KEY: another is noticed and refused, a change on purpose is possible."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import create_app
from app.commands import ring
from app.extensions import BOX, db
from app.pages.key_guard import IS_CHECKED
from app.storage import installation
from booking.kernel.encryption import SecretBox
from booking.kernel.transaction import in_write_transaction
from tests.conftest import MONDAY

FIRST, SECOND = "the key of the first machine, long enough", "the key of the second machine, long enough"


@pytest.fixture
def use_keys(app):
    """use_keys(present, former ...): as another process would be started."""

    def use(*keys):
        app.extensions.pop(IS_CHECKED, None)
        app.extensions[BOX] = SecretBox(keys)

    own = app.extensions[BOX]
    yield use
    app.extensions[BOX] = own
    app.extensions.pop(IS_CHECKED, None)


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(ring, words)


def test_a_second_machine_with_another_key_does_not_start(run, use_keys):
    use_keys(FIRST)
    assert run("prepare").exit_code == 0
    use_keys(SECOND)

    for words in (["prepare"], ["work", "--once"]):
        refused = run(*words)
        assert refused.exit_code == 1
        assert "SECRET_KEY here is not the one with which this ring was started before" in refused.output
        assert FIRST not in refused.output
        assert SECOND not in refused.output
    use_keys(FIRST)
    assert run("prepare").exit_code == 0


def test_a_key_is_changed_by_naming_the_former_one(run, use_keys):
    use_keys(FIRST)
    run("prepare")
    use_keys(SECOND, FIRST)
    assert run("prepare").exit_code == 0

    use_keys(FIRST)
    assert run("prepare").exit_code == 1, "the other machine needs the new key, too"


def test_a_lost_key_is_given_up_on_purpose(run, use_keys):
    use_keys(FIRST)
    run("prepare")
    use_keys(SECOND)

    assert run("prepare", "--new-secret-key").exit_code == 0
    assert run("prepare").exit_code == 0


def test_web_processes_under_any_server_refuse_with_another_key(client, run, use_keys, sample_ring):
    use_keys(FIRST)
    run("prepare")
    use_keys(SECOND)

    page, call = client.get("/machines"), client.get("/api/v1/machines")
    assert (page.status_code, call.status_code, call.json["code"]) == (503, 503, "secret_key_differs")
    assert client.get("/readyz").json == {"status": "not ready", "reason": "secret_key_differs"}
    assert client.get("/healthz").status_code == 200
    use_keys(FIRST)
    assert client.get("/machines").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_a_restored_ring_takes_the_key_of_its_new_place(run, use_keys, sample_ring, tmp_path):
    use_keys(FIRST)
    run("prepare")
    assert run("backup", str(tmp_path / "ring.backup")).exit_code == 0
    elsewhere = create_app({"SECRET_KEY": SECOND, "DATABASE_URL": ""}, instance_path=tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    runner = elsewhere.test_cli_runner()

    with elsewhere.app_context():
        restored = runner.invoke(ring, ["restore", str(tmp_path / "ring.backup")])
        assert restored.exit_code == 0, restored.output
        assert runner.invoke(ring, ["prepare"]).exit_code == 0
        db.session.remove()
        db.engine.dispose()


def test_the_worker_records_that_it_runs(run, session):
    assert installation.worker_ran_at(session) is None
    run("work", "--once")
    assert installation.worker_ran_at(session) is not None

    in_write_transaction(db.session(), lambda: installation.note_worker(db.session(), now=MONDAY))
    assert installation.worker_ran_at(session) == MONDAY


def test_pages_that_need_the_worker_show_when_it_last_ran(log_in, run, sample_ring, session, clock):
    rita = log_in(sample_ring.rita_login)
    pages = ("/admin/mails", "/admin/events")
    assert all("The worker has never run" in rita.get(page).text for page in (*pages, "/admin"))

    in_write_transaction(session, lambda: installation.note_worker(session, now=MONDAY))
    assert all("The worker last ran, or was ready to, on" in rita.get(page).text for page in pages)
    assert "The worker" not in rita.get("/admin").text
    in_write_transaction(session, lambda: installation.note_worker(session, now=MONDAY - timedelta(hours=1)))
    assert all("The worker has not run since" in rita.get(page).text for page in (*pages, "/admin"))


def test_a_start_names_a_clock_that_differs_from_the_one_of_postgresql(run):
    """The clock of the tests stands still; a file has none of its own."""
    is_named = "warn  clock: the database's differs by " in run("prepare").output

    assert is_named == (db.engine.dialect.name == "postgresql")
