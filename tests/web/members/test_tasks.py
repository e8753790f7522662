"""What takes longer than a page may: handed over to the worker, with a bar, and the result kept for its login."""

from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from app.auth import held_rights, logins, permissions
from app.auth.models import ManagedWorkshop, User
from app.background import allocation_length, queue
from app.background.models import FAILED, RUNNING, WAITING, BackgroundTask, ResultChunk
from app.background.progress_files import engine_of, progress_file
from app.background.tracking import Tracker
from app.exports import files
from app.extensions import db
from app.imports import lengths
from app.pages.account import my_data
from app.pages.declaration import FILE
from app.pages.tasks.labels import LABELS
from app.storage.backup import verify_backup
from app.worker import background_tasks
from app.worker.jobs import purge
from billing import queries
from booking.kernel import progress
from booking.kernel.transaction import write_transaction
from booking.models import Member, Workshop
from tests.conftest import MONDAY
from tests.integration.money.test_who_bears_costs import bill
from tests.web.conftest import PASSWORD
from tests.web.costs.test_allocation_preview import pool
from tests.web.costs.test_costs_pages import text
from tests.web.programs import program_of

__all__ = ["pool"]

DAYS = "/usage/days/file.csv?from=2026-01-01&until=2026-01-31"
SLIPS = "/costs/slips/file.csv?from=2026-01-01&until=2026-12-31"
MEMBERS = "Nummer;Name\nM-101;Hof Huber\nM-102;Schreinerei Groß\n"


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def rita(sample_ring, log_in):
    return log_in(sample_ring.rita_login)


@pytest.fixture
def all_is_long(monkeypatch):
    """What the sample ring has takes too long for a page."""
    monkeypatch.setattr(files, "ROWS_AT_ONCE", {"csv": 0, "xlsx": 0})
    monkeypatch.setattr(lengths, "LINES_AT_ONCE", dict.fromkeys(lengths.LINES_AT_ONCE, 0))
    monkeypatch.setattr(allocation_length, "SLIPS_AT_ONCE", 0)


@pytest.fixture
def work(app, session):
    """work(): the worker carries the next task out."""

    def run() -> int:
        session.rollback()  # what a page has read before it
        with app.app_context():
            return background_tasks.run_next(db.session())

    return run


@pytest.fixture
def bar(monkeypatch):
    """Where the bar of the task stood, in per cent, however few rows there are."""
    stood, call = [], Tracker.__call__

    def watched(self, done, total):
        call(self, done, total)
        stood.extend([100 * done // total] if total else [])

    monkeypatch.setattr(Tracker, "__call__", watched)
    monkeypatch.setattr(progress, "REPORT_EVERY", 1)
    return stood


def moves(bar):
    """Whether a bar moved forward and stood in between at least once."""
    moved, stood = any(0 < percent < 100 for percent in bar), list(bar)
    bar.clear()
    return moved and stood == sorted(stood)


def begin(client, address):
    """Accept the offer for an address; the address of the task."""
    offer = client.get(address)
    assert (offer.status_code, offer.location.partition("?")[0]) == (303, "/tasks/new")
    assert "Prepare it" in client.get(offer.location).text
    begun = client.post("/tasks/new", data={"address": address})
    assert begun.status_code == 303
    return begun.location


def test_a_long_file_is_prepared_by_the_worker_and_kept(karl, pool, work, monkeypatch):
    at_once = karl.get(SLIPS, buffered=True)
    monkeypatch.setattr(files, "ROWS_AT_ONCE", {"csv": 0, "xlsx": 0})

    task = begin(karl, SLIPS)
    page = karl.get(task).text
    assert "Usage slips as a file" in page
    assert "<progress" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert work() == 1

    page = karl.get(task).text
    assert "The file is ready." in page
    assert "refresh" not in page
    kept = karl.get(f"{task}/result", buffered=True)
    assert kept.data == at_once.data
    assert kept.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    assert at_once.headers["Content-Disposition"].rpartition("=")[2] in karl.get("/tasks").text


def test_the_rows_that_are_done_move_the_bar(karl, pool, session, all_is_long):
    task_id = int(begin(karl, SLIPS).rpartition("/")[2])
    with write_transaction(session):
        task = queue.claim(session, now=session.get_one(BackgroundTask, task_id).created_at)
    tracker = Tracker(session, task.id)
    with progress.listening(tracker), progress.part(50, 100):
        progress.report(1, 2)

    page = text(karl.get(f"/tasks/{task_id}"))
    assert "75%" in page
    assert 'value="75"' in karl.get(f"/tasks/{task_id}").text
    tracker.close()
    assert not progress_file(engine_of(session), task_id).exists()


def test_a_task_is_seen_by_its_login_alone_and_only_with_the_right(
    karl, rita, pool, session, sample_ring, work, all_is_long
):
    task = begin(karl, SLIPS)
    work()

    assert rita.get(task).status_code == 404
    assert rita.get(f"{task}/result").status_code == 404
    assert karl.get(f"{task}/result", buffered=True).status_code == 200
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.karl_login).values(is_treasurer=False))
    assert karl.get(f"{task}/result").status_code == 403


def test_rights_withdrawn_before_the_work_leave_nothing_to_see(karl, pool, session, sample_ring, work, all_is_long):
    begin(karl, SLIPS)
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.karl_login).values(is_treasurer=False))
    work()

    task = session.scalars(select(BackgroundTask)).one()
    assert (task.status, task.file_name) == (403, "")


def test_an_import_is_previewed_and_stored_by_the_worker(rita, session, work, all_is_long, bar):
    before = session.scalar(select(func.count()).select_from(Member))
    sent = rita.post("/admin/import/members", data={"file": (BytesIO(MEMBERS.encode()), "table.csv")})
    assert sent.status_code == 303
    work()
    assert moves(bar)

    shown = rita.get(sent.location)
    assert (shown.status_code, shown.location) == (303, f"{sent.location}/result")
    preview = rita.get(shown.location)
    assert "Hof Huber" in preview.text
    assert "As of" in preview.text
    assert session.scalar(select(func.count()).select_from(Member)) == before

    stored = rita.post("/admin/import/members/store", data={"text": MEMBERS})
    work()
    assert moves(bar)
    assert "2 rows were stored." in rita.get(stored.location).text
    assert session.scalar(select(func.count()).select_from(Member)) == before + 2


def test_the_password_that_confirms_an_import_is_not_stored_with_its_task(log_in, people, clock, session, all_is_long):
    rita = log_in(people.rita_login)
    clock.instant += timedelta(hours=1)  # the log-in alone confirms no more

    rita.post("/admin/import/members/store", data={"text": MEMBERS, "confirmation": PASSWORD})

    stored = zlib.decompress(session.scalars(select(BackgroundTask.body)).one()).decode()
    assert "Hof Huber" in stored
    assert PASSWORD not in stored


def test_a_question_about_a_long_file_is_asked_as_ever(rita, work, all_is_long):
    sent = rita.post("/admin/import/members", data={"text": "Nummer;Name;Farbe\nM-101;Hof Huber;rot\n"})
    work()

    answer = rita.get(f"{sent.location}/result")
    assert answer.status_code == 422
    assert "Farbe" in answer.text


def test_a_long_allocation_is_previewed_and_posted_by_the_worker(karl, session, pool, work, all_is_long, bar):
    bill(session, pool, "tyres")
    preview = begin(karl, f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31")
    work()
    assert moves(bar)
    page = karl.get(f"{preview}/result").text
    digest = page.partition('name="digest" type="hidden" value="')[2].partition('"')[0]
    assert len(digest) == 64

    period = {"since": "2026-01-01", "until": "2026-12-31", "digest": digest, "note": ""}
    posting = karl.post(f"/costs/pools/{pool}/allocate", data=period)
    work()
    assert moves(bar)
    done = karl.get(posting.location).text
    assert "The allocation is posted." in done
    assert "/costs/allocations/" in done
    assert len(queries.allocations(session, pool_id=pool, limit=5)[0]) == 1


def test_a_long_allocation_by_a_program_is_carried_out_by_the_worker(
    app, session, clock, pool, sample_ring, work, all_is_long
):
    bill(session, pool, "tyres")
    program = program_of(app, session, sample_ring.karl_login, now=clock())
    body = {"pool_id": pool, "period": "2026"}

    asked = program.post("/allocations", body)
    assert (asked.status_code, asked.json["state"], asked.headers["Location"]) == (
        202,
        "waiting",
        asked.json["status_url"],
    )
    task = asked.json["status_url"].removeprefix("/api/v1")
    assert program.get(f"{task}/result").status_code == 202
    assert program.post("/allocations", body).json["id"] == asked.json["id"]
    work()
    done = program.get(task).json
    assert (done["state"], done["result_status"], done["result_url"]) == ("done", 200, f"/api/v1{task}/result")
    preview = program.get(f"{task}/result").json

    wanted = body | {"preview": False, "digest": preview["digest"]}
    first, again = (program.post("/allocations", wanted, Idempotency_Key="year-end") for _twice in range(2))
    assert (first.status_code, again.status_code, again.json) == (202, 202, first.json)
    with write_transaction(session):  # a worker that dies before it stores the result: another does it once more
        body = session.scalars(select(BackgroundTask.body).where(BackgroundTask.ended_at.is_(None))).one()
    for _twice in range(2):
        work()
        posted = program.get(f"/tasks/{first.json['id']}/result")
        assert (posted.status_code, posted.json["total_cents"]) == (201, preview["total_cents"])
        with write_transaction(session):
            session.execute(delete(ResultChunk))
            again = update(BackgroundTask).where(BackgroundTask.id == first.json["id"])
            session.execute(again.values(state=WAITING, ended_at=None, body=body))
    assert len(queries.allocations(session, pool_id=pool, limit=5)[0]) == 1
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.karl_login).values(is_treasurer=False))
    assert program.get(f"{task}/result").status_code == 403, "what the login may not ask for any more"


def test_a_program_with_too_many_open_tasks_is_told_so_and_its_key_stays_free(
    app, session, clock, pool, sample_ring, work, all_is_long, monkeypatch
):
    program = program_of(app, session, sample_ring.karl_login, now=clock())
    monkeypatch.setattr(queue, "OPEN_MAX", 1)
    program.post("/allocations", {"pool_id": pool, "period": "2026-01-01/2026-12-30"})

    wanted = {"pool_id": pool, "period": "2026"}
    refused = program.post("/allocations", wanted, Idempotency_Key="one")
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_tasks")
    assert refused.json["detail"].startswith("This login has 1 background tasks open already.")
    work()
    assert program.post("/allocations", wanted, Idempotency_Key="one").status_code == 202


def test_a_backup_is_made_by_the_worker_and_the_newest_three_are_kept(rita, app, clock, work, bar):
    for _again in range(4):
        task = rita.post("/admin/backups/new").location
        assert work() == 1
        assert moves(bar)
        clock.instant += timedelta(minutes=1)

    assert "The backup is complete and checked: ring-" in rita.get(task).text
    made = sorted(Path(app.instance_path, "backups").iterdir())
    assert len(made) == 3
    assert verify_backup(made[-1]).rows
    assert made[-1].name in rita.get("/admin/backups").text


def test_the_oldest_backup_goes_also_in_the_doubled_hour_of_autumn(rita, app, work):
    folder = Path(app.instance_path, "backups")
    folder.mkdir(parents=True)
    for age, name in enumerate(["ring-2026-10-25-020100", "ring-2026-10-25-024000", "ring-2026-10-25-023000"]):
        file = folder / f"{name}.sqlite"
        file.touch()
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    left = folder / ".ring-2026-10-25-020000.sqlite.77"  # of a process that was killed
    left.touch()
    os.utime(left, (1_000_000, 1_000_000))

    rita.post("/admin/backups/new")
    work()

    assert not (folder / "ring-2026-10-25-023000.sqlite").exists()
    assert len(list(folder.iterdir())) == 3


def test_a_worker_that_dies_is_replaced_and_three_deaths_end_the_task(karl, pool, session, work, all_is_long):
    task_id = int(begin(karl, SLIPS).rpartition("/")[2])

    def die() -> None:
        with write_transaction(session):
            found = queue.claim(session, now=session.get_one(BackgroundTask, task_id).created_at)
            if found is not None:
                found.holder = "elsewhere:1"

    die()
    assert work() == 0  # another machine has it
    late = {"renewed_at": session.get_one(BackgroundTask, task_id).created_at - queue.LEASE}
    for _again in range(queue.ATTEMPTS_MAX):
        with write_transaction(session):
            session.execute(update(BackgroundTask).values(late))
        die()
    assert session.get_one(BackgroundTask, task_id, populate_existing=True).state == FAILED
    assert "It could not be completed." in karl.get(f"/tasks/{task_id}").text


def test_a_task_whose_worker_died_is_done_by_the_next(karl, pool, session, work, all_is_long):
    task = begin(karl, SLIPS)
    with write_transaction(session):
        session.execute(update(BackgroundTask).values(state=RUNNING, holder=queue.holder(), renewed_at=func.now()))

    assert work() == 1
    assert "The file is ready." in karl.get(task).text


def test_an_error_ends_the_task_and_the_next_one_runs(karl, pool, session, work, all_is_long, monkeypatch):
    task = begin(karl, SLIPS)
    monkeypatch.setattr(files, "csv_file", lambda _table: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        work()

    page = karl.get(task).text
    assert "It could not be completed." in page
    assert "/tasks/new?address=" in page
    assert work() == 0


def test_a_second_click_is_the_same_task_and_a_sixth_waits(karl, pool, session, all_is_long):
    assert begin(karl, SLIPS) == begin(karl, SLIPS)
    for month in range(6, 10):
        begin(karl, f"/costs/slips/file.csv?from=2026-01-01&until=2026-{month:02}-28")

    refused = karl.post("/tasks/new", data={"address": SLIPS.replace("csv", "xlsx")})
    assert "5 tasks of yours are still open" in karl.get(refused.location).text
    assert session.scalar(select(func.count()).select_from(BackgroundTask)) == queue.OPEN_MAX


@pytest.mark.parametrize("name", ["mine", "mine/allocations", "tariffs"])
def test_a_member_prepares_long_files_of_the_own_account(sample_ring, log_in, work, all_is_long, monkeypatch, name):
    monkeypatch.setattr(files, "ROWS_AT_ONCE", {"csv": -1, "xlsx": -1})  # also a file without rows
    anna = log_in(sample_ring.anna_login)

    task = begin(anna, f"/costs/{name}/file.xlsx")
    work()

    assert "The file is ready." in anna.get(task).text
    assert anna.get(f"{task}/result", buffered=True).data[:2] == b"PK"
    assert task in anna.get("/tasks").text
    assert 'href="/tasks"' in anna.get("/account").text
    assert 'href="/tasks"' not in anna.get("/today").text


def test_my_data_of_a_ring_with_a_long_log_are_prepared_and_ask_for_the_password_again(
    people, log_in, clock, work, monkeypatch
):
    monkeypatch.setattr(my_data, "ROWS_AT_ONCE", -1)
    anna = log_in(people.anna_login)

    task = anna.post("/account/my-data/file.zip").location
    assert work() == 1
    clock.instant += timedelta(minutes=11)

    assert f'action="{task}/result"' in anna.get(task).text
    assert anna.get(f"{task}/result").location == task
    assert anna.post(f"{task}/result").status_code == 403
    kept = anna.post(f"{task}/result", data={"confirmation": PASSWORD}, buffered=True)
    assert kept.mimetype == "application/zip"
    assert b"anna@ring.example" in zipfile.ZipFile(BytesIO(kept.data)).read("my-data.json")


@pytest.mark.parametrize("address", ["", "https://evil.example/", "/account", "/costs/tariffs", "//evil.example"])
def test_only_long_pages_of_this_site_are_prepared(karl, session, address):
    assert karl.get("/tasks/new", query_string={"address": address}).location == "/tasks"
    assert karl.post("/tasks/new", data={"address": address}).location == "/tasks"
    assert session.scalar(select(func.count()).select_from(BackgroundTask)) == 0


def test_results_are_deleted_after_three_days(karl, pool, session, work, app, clock, all_is_long):
    task = begin(karl, SLIPS)
    work()
    clock.instant += queue.KEPT_FOR + timedelta(hours=1)
    with app.app_context():
        purge(db.session())

    assert session.scalar(select(func.count()).select_from(ResultChunk)) == 0
    assert session.scalar(select(func.count()).select_from(BackgroundTask)) == 0
    assert Path(task).name.isdecimal()


def test_every_file_of_a_page_may_become_a_task(app):
    unnamed = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if FILE in rule.rule
        and "GET" in rule.methods
        and not rule.endpoint.startswith("api.")
        and rule.endpoint not in LABELS
    }

    assert not unnamed


def test_the_result_is_not_given_to_who_has_lost_one_of_the_rights_it_was_made_with(
    log_in, session, sample_ring, work, monkeypatch
):
    monkeypatch.setattr(files, "ROWS_AT_ONCE", {"csv": -1, "xlsx": -1})
    with write_transaction(session):
        other = Workshop(slug="elsewhere", name="Elsewhere", timezone="Europe/Berlin")
        session.add(other)
        session.flush()
        other_id = other.id
        session.add(ManagedWorkshop(user_id=sample_ring.wanda_login, workshop_id=other_id))
    wanda = log_in(sample_ring.wanda_login)
    task = begin(wanda, DAYS)
    work()
    assert wanda.get(f"{task}/result", buffered=True).status_code == 200

    with write_transaction(session):
        session.execute(delete(ManagedWorkshop).where(ManagedWorkshop.workshop_id == other_id))

    refused = wanda.get(f"{task}/result")
    assert (refused.status_code, refused.location) == (303, task)
    page = wanda.get(task).text
    assert "Your rights have changed since it was made." in page
    assert f"{task}/result" not in page
    again = begin(wanda, DAYS)
    work()
    assert wanda.get(f"{again}/result", buffered=True).status_code == 200


def reach(login, access):
    """What of the ring a login may see by an endpoint: all of it, or workshops and a member."""
    scopes = permissions.scopes_of(login, access)
    if permissions.ALL in scopes:
        return {"all"}
    workshops = login.managed_workshop_ids if permissions.WORKSHOP in scopes else ()
    return {*workshops, *([f"member {login.member_id}"] if permissions.OWN in scopes else [])}


def test_no_kind_of_task_is_seen_with_less_reach_than_it_was_made_with(app, people, session):
    whole = logins.by_user_id(session, people.anna_login, now=MONDAY)
    assert whole is not None
    whole = replace(whole, is_treasurer=True, is_admin=True, managed_workshop_ids=frozenset({1, 2}))
    without_money = replace(whole, is_treasurer=False, is_admin=False)
    lost = {
        "the treasurer's": replace(whole, is_treasurer=False),
        "both offices": without_money,
        "a workshop": replace(without_money, managed_workshop_ids=frozenset({1})),
        "the workshops": replace(without_money, managed_workshop_ids=frozenset()),
        "another member": replace(without_money, member_id=99),
        "all but a log-in": replace(without_money, managed_workshop_ids=frozenset(), member_id=None),
        "the membership": replace(whole, left_on=MONDAY.date()),
    }
    wrong, refused = [], 0
    for endpoint in LABELS:
        method = next(method for name, method in permissions.TABLE if name == endpoint)
        access = permissions.access_to(endpoint, method)
        for before in (whole, *lost.values()):
            made_with = held_rights.rights_of(before, access)
            for what, after in lost.items():
                if reach(before, access) - reach(after, access) and reach(after, access) != {"all"}:
                    refused += 1
                    if held_rights.are_held(made_with, after, access):
                        wrong.append((endpoint, what))

    assert (wrong, refused > len(LABELS)) == ([], True)


def test_a_deputy_whose_days_end_while_a_file_waits_gets_own_uses_alone(
    log_in, session, sample_ring, clock, work, monkeypatch
):
    monkeypatch.setattr(files, "ROWS_AT_ONCE", {"csv": -1, "xlsx": -1})
    with write_transaction(session):
        days = {"valid_from": MONDAY.date(), "valid_until": MONDAY.date()}
        named = {"workshop_id": sample_ring.hall, "is_deputy": True, "named_by": sample_ring.wanda_login}
        session.add(ManagedWorkshop(user_id=sample_ring.bernd_login, **named, **days))
    bernd = log_in(sample_ring.bernd_login)
    begin(bernd, DAYS)

    clock.instant += timedelta(days=1)
    work()

    task = session.scalars(select(BackgroundTask)).one()
    assert task.rights == [f"member {sample_ring.bernd}"]
