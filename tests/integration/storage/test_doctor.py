"""ring doctor: each thing an operator can have wrong is a line with the way out, and no secret is printed."""

from __future__ import annotations

import stat
from datetime import timedelta
from types import SimpleNamespace
from typing import ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from app.commands import ring
from app.config import UNKNOWN
from app.doctor import database, mail, settings, surroundings
from app.extensions import BOX, db
from app.storage import installation, migrate
from app.storage.backup import LAST_BACKUP
from booking.kernel.encryption import SecretBox
from booking.kernel.transaction import in_write_transaction
from tests.conftest import MONDAY
from tests.ports import START_SECONDS, free_port

GOOD_KEY = "Zk3v0Qm8-Yt5nLr2WxHs9JcPd7BgFuTa1EiOo6"


@pytest.fixture
def changed(app):
    """changed(NAME=value): a copy of the configuration that is otherwise that of a well-kept ring."""
    good = {"BASE_URL": "https://ring.example", "TRUSTED_PROXIES": 1, "SECRET_KEY": GOOD_KEY, "METRICS_TOKEN": ""}
    return lambda **values: {**app.config, UNKNOWN: [], **good, **values}


def lines(findings, *levels):
    return [finding.line() for finding in findings if finding.level in (levels or ("warn", "error"))]


def test_a_well_kept_ring_has_only_good_settings(changed):
    assert lines(settings.check(changed())) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({UNKNOWN: ["MAIL_FORM in config.py is no setting; did you mean MAIL_FROM?"]}, "did you mean MAIL_FROM?"),
        ({"BASE_URL": "http://ring.example", "TRUSTED_PROXIES": 0}, "is not encrypted"),
        ({"BASE_URL": "http://127.0.0.1:8000", "TRUSTED_PROXIES": 0}, "this machine alone"),
        ({"TRUSTED_PROXIES": 0}, "all visitors count as one"),
        ({"BASE_URL": "http://127.0.0.1", "TRUSTED_PROXIES": 1}, "visitors may claim any address"),
        ({"SECRET_KEY": "changeme" * 5}, "anybody could log in as anybody"),
        ({"SECRET_KEY_FALLBACKS": [GOOD_KEY]}, "is among SECRET_KEY_FALLBACKS"),
        ({"METRICS_TOKEN": "metrics"}, "METRICS_TOKEN: can be guessed"),
    ],
)
def test_a_setting_that_contradicts_is_named(changed, values, told):
    found = lines(settings.check(changed(**values)))

    assert any(told in line and " -> " in line for line in found) or told in "".join(found)
    assert not any(secret in "".join(found) for secret in (GOOD_KEY, "changeme", "metrics "))


def test_a_variable_without_the_prefix_is_named(changed, monkeypatch):
    monkeypatch.setenv("MAIL_FROM", "ring@hof.example")

    assert "it is called RINGBUCH_MAIL_FROM" in "".join(lines(settings.check(changed())))
    beside_another = "".join(lines(settings.check(changed(**{UNKNOWN: ["RINGBUCH_MAIL is no setting"]}))))
    assert "it is called RINGBUCH_MAIL_FROM" in beside_another
    assert "RINGBUCH_MAIL is no setting" in beside_another


def test_files_that_others_can_read_are_errors(tmp_path):
    (tmp_path / "secret_key").write_text(GOOD_KEY, encoding="ascii")
    (tmp_path / "secret_key").chmod(0o644)
    found = lines(surroundings.check(tmp_path, MONDAY + timedelta(days=3_000)))

    assert any(line.startswith("error files:") and "chmod 600" in line for line in found)
    (tmp_path / "secret_key").chmod(0o600)
    found = lines(surroundings.check(tmp_path, MONDAY + timedelta(days=3_000)))
    assert not any("files:" in line for line in found)


def test_mending_makes_private_what_others_can_read_and_nothing_else(tmp_path):
    for name in ("secret_key", "config.py", "ring.sqlite", "ring.sqlite-wal", "security.log.2026-11-01", "logo.png"):
        (tmp_path / name).write_text("", encoding="ascii")
        (tmp_path / name).chmod(0o640)

    done = [finding.line() for finding in surroundings.mend(tmp_path)]

    assert len(done) == 5
    assert all(line.startswith("ok    files:") and "(0640 before)" in line for line in done)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {name: 0o640 if name == "logo.png" else 0o600 for name in modes}
    assert list(surroundings.mend(tmp_path)) == []


def test_a_clock_before_the_program_was_made_is_an_error(tmp_path):
    found = lines(surroundings.check(tmp_path, MONDAY - timedelta(days=20_000)), "error")

    assert [line.split(":")[0] for line in found] == ["error clock"]


def test_the_age_of_the_last_backup_is_known(app, tmp_path):
    assert "none was made" in "".join(lines(surroundings.check(tmp_path, MONDAY)))
    (tmp_path / LAST_BACKUP).write_text("/backups/ring.backup\n", encoding="utf-8")

    old = surroundings.check(tmp_path, MONDAY + timedelta(days=10_000))
    assert "the last one is old: /backups/ring.backup" in "".join(lines(old))


def test_the_command_looks_at_the_database_and_its_worker(app, session, sample_ring):
    def run():
        return app.test_cli_runner().invoke(ring, ["doctor", "--without-mail"])

    never = run()
    assert "error worker: has never run" in never.output
    assert never.exit_code == 1
    app.test_cli_runner().invoke(ring, ["work", "--once"])
    since = run()
    assert "ok    worker: last reported" in since.output
    assert "answers" in since.output
    assert app.config["SECRET_KEY"] not in since.output


def test_another_key_and_an_old_worker_are_errors(app, session, sample_ring):
    box = SecretBox([GOOD_KEY])
    in_write_transaction(session, lambda: installation.store_key(session, box))
    in_write_transaction(session, lambda: installation.note_worker(session, now=MONDAY))
    later = MONDAY + timedelta(hours=1)
    found = lines(database.check(db.session(), app.config, app.extensions[BOX], later), "error")

    assert {line.split(":")[0] for line in found} >= {"error SECRET_KEY", "error worker"}


def test_a_schema_that_is_not_migrated_is_an_error(app, session, monkeypatch):
    monkeypatch.setattr(migrate, "head_revision", lambda: "9999")
    found = lines(database.check(db.session(), app.config, app.extensions[BOX], MONDAY), "error")

    assert any("schema" in line and "ring prepare" in line for line in found)


def test_the_rest_is_looked_at_while_the_database_is_away(app, monkeypatch):
    password = "a-password-of-the-database"
    away = f"postgresql+psycopg://ring:{password}@127.0.0.1:{free_port()}/ring?connect_timeout=2"
    found = lines(
        database.check(
            db.session(), {"SQLALCHEMY_DATABASE_URI": away, "DATABASE_POOLER": "none"}, app.extensions[BOX], MONDAY
        )
    )

    assert [line.split(":")[0] for line in found] == ["error database"]
    assert password not in found[0]


def test_the_mail_server_is_asked_and_nothing_is_sent(app, monkeypatch):
    assert "only printed by the worker" in "".join(lines(mail.check(app)))
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://ring:hidden-word@127.0.0.1:{free_port()}")
    found = "".join(lines(mail.check(app), "error"))

    assert found.startswith("error mail: 127.0.0.1:")
    assert "hidden-word" not in found


@pytest.mark.parametrize(
    ("free", "line"), [(10_000_000, "error disk"), (200_000_000, "warn  disk"), (9e9, "ok    disk")]
)
def test_room_on_the_disk_is_an_error_a_warning_or_enough(tmp_path, monkeypatch, free, line):
    monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda _path: SimpleNamespace(free=int(free)))

    assert any(each.startswith(line) for each in lines(surroundings.check(tmp_path, MONDAY), "ok", "warn", "error"))


def test_a_database_that_takes_no_changes_is_an_error(app, session, monkeypatch):
    monkeypatch.setattr(migrate, "is_read_only", lambda _connection: True)
    found = lines(database.check(db.session(), app.config, app.extensions[BOX], MONDAY), "error")

    assert any("accepts no changes" in line and "name the primary" in line for line in found)


class OddServer:
    """A connection to a server of PostgreSQL behind something that listens on another port, and what it answers."""

    dialect = SimpleNamespace(name="postgresql")
    answers: ClassVar[dict[str, object]] = {
        "SHOW fsync": "off",
        "SHOW transaction_read_only": "off",
        "SELECT inet_server_port()": 5432,
        "SELECT clock_timestamp()": MONDAY - timedelta(minutes=2),
        "SHOW max_connections": "100",
        "SHOW superuser_reserved_connections": "3",
    }

    def scalar(self, statement):
        return self.answers.get(str(statement), "on")


def test_a_server_that_forgets_lies_behind_a_pooler_has_another_clock_or_too_few_connections_is_named(monkeypatch):
    monkeypatch.setattr(migrate, "is_read_only", lambda _connection: False)
    behind = "postgresql+psycopg://ring@127.0.0.1:6432/ring"

    def told(uri, pooler, processes=3):
        settings = {"DATABASE_POOLER": pooler, "WEB_PROCESSES": processes}
        return lines(database._server(OddServer(), uri, settings, MONDAY))

    forgets, pooler, clock = told(behind, "none")
    assert forgets.startswith("error durability: fsync is off")
    assert pooler.startswith("warn  pooler: the server listens on 5432, DATABASE_URL names 6432")
    assert clock.startswith("warn  clock: the database's differs by 120 s")
    assert not any(
        "pooler" in line for line in told(behind, "transaction") + told(behind.replace("6432", "5432"), "none")
    )
    *_others, many, _clock = told(behind, "none", 4)  # and the worker: five pools of 24
    assert many.startswith("warn  connections: 5 processes open 120 at most, the server has 97")
    assert not any("connections" in line for line in told(behind, "transaction", 32))


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_mail_server_is_asked_whether_it_accepts_the_log_in(app, monkeypatch):
    def knows(_server, _session, _envelope, _mechanism, auth_data):
        return AuthResult(success=auth_data.password == b"right-word", handled=False)

    login = {"authenticator": knows, "auth_required": True, "auth_require_tls": False}
    server = Controller(object(), hostname="127.0.0.1", port=free_port(), ready_timeout=START_SECONDS, **login)
    server.start()
    found = {}
    try:
        for password in ("right-word", "wrong-word"):
            monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://ring:{password}@127.0.0.1:{server.port}")
            found[password] = lines(mail.check(app), "ok", "error")[0]
    finally:
        server.stop()

    assert found["right-word"] == f"ok    mail: 127.0.0.1:{server.port} answers and accepts the log-in"
    assert found["wrong-word"].startswith("error mail: ")
    assert "wrong-word" not in found["wrong-word"]
