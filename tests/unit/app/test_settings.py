"""A setting that cannot be used is named at the start, not met later on some page."""

from __future__ import annotations

import os
import re
import secrets

import pytest

from app import config, create_app, setting_texts
from app.mail.transport import transport_from_url
from app.server.metrics import FOLDER_VARIABLE
from app.setting_types import weakness_of_key

KEY = 'SECRET_KEY = "tests-and-nothing-but-tests-use-this-key"\n'


@pytest.fixture
def settings(tmp_path, tmp_path_factory, monkeypatch):
    """settings(text of instance/config.py, NAME=text of the environment ...) -> what the application is set to."""
    for name in config.Settings.model_fields:
        monkeypatch.delenv(config.PREFIX + name, raising=False)
    metrics = tmp_path_factory.getbasetemp() / "metrics"  # where test_metrics.py has it, not in shared memory
    monkeypatch.setenv(FOLDER_VARIABLE, os.environ.get(FOLDER_VARIABLE, str(metrics)))

    def read(file="", has_key=True, **environment):
        (tmp_path / "config.py").write_text((KEY if has_key else "") + file, encoding="utf-8")
        for name, text in environment.items():
            monkeypatch.setenv(config.PREFIX + name, text)
        return create_app(instance_path=tmp_path).config

    return read


BAD = [
    ("TIMEZONE", "Mars/Phobos", "there is no such time zone"),
    ("LOCALES", "fr", "input should be 'de' or 'en'"),
    ("LOCALES", "", "list should have at least 1 item"),
    ("BASE_URL", "ring.example", "it must begin with http"),
    ("BASE_URL", "https://hof.example/ring", "it must not hold a path"),
    ("BASE_URL", "https://hof.example/#top", "it must not hold a path"),
    ("BASE_URL", "https://", "it must name a host"),
    ("BASE_URL", "http://ring:99999", "it must name a host"),
    ("BASE_URL", "http://me:secret@ring", "it must name a host"),
    ("MAIL_FROM", "büro@hof.example", "letters such as ö before the @"),
    ("MAIL_FROM", "a..b@hof.example", "it must be a mail address"),
    ("MAIL_FROM", "Ring Oberland", "it must be a mail address"),
    ("MAIL_FROM", "a@x.example, b@x.example", "it must be a mail address"),
    ("TRUSTED_HOSTS", "https://hof.example", "'https://hof.example' is no host name"),
    ("TRUSTED_HOSTS", "*.example", "'*.example' is no host name"),
    ("DATABASE_POOLER", "session", "input should be 'none' or 'transaction'"),
    ("LOGIN_LIMIT", "often", "it must be a rate"),
    ("LOGIN_LIMIT", "0 per minute", "it must allow at least one"),
    ("SESSION_DAYS", "0", "input should be greater than or equal to 1"),
    ("SESSION_DAYS", "3651", "input should be less than or equal to 3650"),
    ("INVITATION_DAYS", "366", "input should be less than or equal to 365"),
    ("PASSWORD_LINK_MINUTES", "0", "input should be greater than or equal to 1"),
    ("REMINDER_HOUR", "11", "input should be greater than or equal to 12"),
    ("DIGEST_HOUR", "12", "input should be less than or equal to 11"),
    ("WEB_PROCESSES", "33", "input should be less than or equal to 32"),
    ("STRIPE_API_BASE", "nonsense", "it must begin with http"),
    ("UPLOAD_MB", "many", "input should be a valid integer"),
    ("TRUSTED_PROXIES", "-1", "input should be greater than or equal to 0"),
    ("TRUSTED_PROXIES", "11", "input should be less than or equal to 10"),
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ""),
        ("ring@localhost", "ring@localhost"),
        ("Ring <ring@hof.example>", "ring@hof.example"),
        ("ring@höf.example", "ring@xn--hf-fka.example"),
    ],
)
def test_the_sender_of_mails_is_an_address_that_every_server_carries(settings, text, address):
    assert settings(MAIL_FROM=text)["MAIL_FROM"] == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "it must begin with smtp://"),
        ("mail.example:587", "it must begin with smtp://"),
        ("http://mail.example", "it must begin with smtp://"),
        ("smtp:mail.example", "it must begin with smtp://"),
        ("smtp://", "names no mail server"),
        ("smtp://mail example", "names no mail server"),
        ("smtp://ring:hidden word@mail.example :587", "names no mail server"),
        ("smtp://mail.example:0", "names no mail server"),
        ("smtp://mail.example:smtp", "its port is no number"),
        ("smtp://[::1", "its port is no number"),
        ("smtp://ring:hidden/word@mail.example", "its port is no number .* as %2F"),
        ("smtp://ring:hid#den@mail.example:587", "its port is no number .* %23"),
        ("smtp://mail.example:587/?tls=no", "nothing may follow the port"),
        ("smtp://b%C3%BCro:hidden@mail.example", "letters such as ö"),
    ],
)
def test_an_address_of_no_mail_server_is_refused_at_the_start_without_its_password(settings, url, reason):
    with pytest.raises(config.SettingError, match=rf"^RINGBUCH_MAIL_URL cannot be used: .*{reason}") as refusal:
        settings(MAIL_URL=url)

    assert "hid" not in refusal.value.message


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://ring:abcd efgh@mail.example:587", ("smtp", "mail.example", 587, "ring", "abcd efgh")),
        ("smtp://ring:abcd%20efgh@mail.example", ("smtp", "mail.example", 587, "ring", "abcd efgh")),
        (" smtp://mail.example\r\n", ("smtp", "mail.example", 25, "", "")),
        ("smtps://mail.example:466 ", ("smtps", "mail.example", 466, "", "")),
        ("SMTPS://Ring:Word@mail.example", ("smtps", "mail.example", 465, "Ring", "Word")),
        ("Console: ", ("console", "", 0, "", "")),
    ],
)
def test_an_address_of_a_mail_server_is_read_with_spaces_around_it_and_in_its_password(settings, url, read):
    transport = transport_from_url(settings(MAIL_URL=url)["MAIL_URL"])

    assert (transport.scheme, transport.host, transport.port, transport.user, transport.password) == read


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 40])
def test_a_key_file_that_a_power_cut_emptied_is_named_with_the_way_out(settings, tmp_path, content):
    (tmp_path / config.KEY_FILE).write_bytes(content)

    with pytest.raises(config.SettingError, match=rf"^The key in {tmp_path}/secret_key .*: put your copy of it there"):
        settings(has_key=False)


@pytest.mark.parametrize(("name", "text", "reason"), BAD)
def test_the_environment_is_refused_with_the_name_and_the_reason(settings, name, text, reason):
    told = re.escape(f"RINGBUCH_{name}='{text}' cannot be used: {reason}")
    with pytest.raises(config.SettingError, match=told):
        settings(**{name: text})


@pytest.mark.parametrize(("name", "text", "reason"), BAD)
def test_the_file_is_held_to_the_same_rules(settings, name, text, reason):
    told = rf"{name}='{re.escape(text)}' in .*config.py cannot be used: {re.escape(reason)}"
    with pytest.raises(config.SettingError, match=told):
        settings(f"{name} = {text!r}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("MAIL_FROM = 5", "input should be a valid string"),
        ("TRUSTED_HOSTS = 5", "input should be a valid list"),
        ("SESSION_DAYS = True", "no setting is True or False"),
        ('SESSION_DAYS = "7 days"', "input should be a valid integer"),
        ('API_LIMIT = "many"', "it must be a rate such as 120 per minute"),
        ('EXPORT_LIMIT = "0 per minute"', "it must allow at least one"),
        (r'TIMEZONE = "a\x00b"', "it holds control characters"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_in_one_line(settings, line, reason):
    with pytest.raises(config.SettingError) as refusal:
        settings(line)

    name, value = line.split(" = ")
    assert refusal.value.message.startswith(f"{name}={value.replace(chr(34), chr(39))} in ")
    assert f"config.py cannot be used: {reason}" in refusal.value.message
    assert "\n" not in refusal.value.message


def test_every_wrong_setting_is_named(settings):
    with pytest.raises(config.SettingError, match=r"RINGBUCH_TIMEZONE=.*\nRINGBUCH_SESSION_DAYS="):
        settings(TIMEZONE="Mars/Phobos", SESSION_DAYS="0")


def test_the_value_of_a_secret_is_not_shown(settings):
    with pytest.raises(config.SettingError, match=r"^METRICS_TOKEN in .*config\.py cannot be used") as refusal:
        settings("METRICS_TOKEN = 4711")

    assert "4711" not in refusal.value.message


@pytest.mark.parametrize("token", ["hidden word", " hidden", "hid\tden", "hidden\u00e4"])
def test_a_token_for_metrics_that_no_header_carries_is_refused(settings, token):
    with pytest.raises(config.SettingError, match=r"^RINGBUCH_METRICS_TOKEN cannot be used: it must consist of") as no:
        settings(METRICS_TOKEN=token)

    assert "hid" not in no.value.message


def test_the_list_of_settings_has_name_unit_default_and_sentence_and_hides_secrets(settings):
    lines = setting_texts.describe(settings(SESSION_DAYS="7", METRICS_TOKEN="hidden"))

    assert len(lines) == len(config.Settings.model_fields)
    assert "RINGBUCH_SESSION_DAYS = 7  (environment)  [days, default 30]\n    How long a log-in lasts." in lines
    assert any(line.startswith("RINGBUCH_METRICS_TOKEN = (set)  (environment)  [text, default ''") for line in lines)
    assert not any("hidden" in line for line in lines)


@pytest.mark.parametrize("file", ["SESSION_DAYS = (", "import nothing_of_this_name", "TIMEZONE = UNKNOWN"])
def test_a_file_that_is_no_python_is_named(settings, file):
    with pytest.raises(config.SettingError, match=r"config\.py cannot be read: "):
        settings(file)


def test_the_settings_file_may_write_numbers_and_lists_as_python_or_as_text(settings):
    written = settings(
        'SESSION_DAYS = 7\nUPLOAD_MB = "9"\nLOCALES = ["en"]\nTRUSTED_HOSTS = ("a.example", "b.example")'
    )

    assert (written["SESSION_DAYS"], written["UPLOAD_MB"], written["LOCALES"]) == (7, 9, ["en"])
    assert written["TRUSTED_HOSTS"] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("first_line", "encoding"),
    [("", "utf-8-sig"), ("# -*- coding: latin-1 -*-", "latin-1")],
    ids=["notepad", "latin-1"],
)
def test_the_settings_file_may_be_written_in_the_ways_that_python_reads(settings, tmp_path, first_line, encoding):
    text = f"{first_line}\nMAIL_FORM = 'ring@hof.example'  # Höfe\n{KEY}"
    settings()
    (tmp_path / "config.py").write_text(text, encoding=encoding)

    assert "did you mean MAIL_FROM?" in create_app(instance_path=tmp_path).config[config.UNKNOWN][0]


def test_nothing_in_the_file_means_the_default(settings):
    written = settings("MAIL_FROM = None\nSESSION_DAYS = None")

    assert (written["MAIL_FROM"], written["SESSION_DAYS"]) == ("", 30)


def test_links_use_the_last_served_address_unless_one_is_set(settings, tmp_path):
    assert settings()["BASE_URL"] == "http://127.0.0.1:8000"
    config.save_base_url(tmp_path, "http://127.0.0.1:9000")

    assert settings()["BASE_URL"] == "http://127.0.0.1:9000"
    assert settings(BASE_URL="https://ring.example/")["BASE_URL"] == "https://ring.example"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe"])
def test_an_address_that_cannot_be_one_is_passed_over(settings, tmp_path, content):
    (tmp_path / config.ADDRESS_FILE).write_bytes(content)

    assert settings()["BASE_URL"] == "http://127.0.0.1:8000"


def test_the_environment_takes_precedence(settings):
    assert settings("SESSION_DAYS = 7", SESSION_DAYS="8")["SESSION_DAYS"] == 8


def test_each_value_is_listed_with_its_source(settings, tmp_path):
    path = tmp_path / "config.py"
    sources = settings("UPLOAD_MB = 9", SESSION_DAYS="7")[config.SOURCES]

    assert sources == {
        "SECRET_KEY": str(path),
        "UPLOAD_MB": str(path),
        "SESSION_DAYS": "environment",
        "BASE_URL": "default",
    }
    config.save_base_url(tmp_path, "http://127.0.0.1:9000")
    assert settings()[config.SOURCES]["BASE_URL"] == str(tmp_path / config.ADDRESS_FILE)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("RINGBUCH_MAILFROM", "did you mean RINGBUCH_MAIL_FROM?"),
        ("RINGBUCH_base_url", "did you mean RINGBUCH_BASE_URL?"),
        ("Ringbuch_UPLOAD_MB", "did you mean RINGBUCH_UPLOAD_MB?"),
        ("RINGBUCH_FOO", "has no effect. `ring settings` prints all"),
    ],
)
def test_a_variable_that_is_no_setting_is_named(settings, monkeypatch, variable, meant):
    monkeypatch.setenv(variable, "x")
    (sentence,) = settings()[config.UNKNOWN]

    assert sentence.startswith(f"{variable} in the environment is no setting")
    assert meant in sentence


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("MAIL_FORM = 'ring@hof.example'", "did you mean MAIL_FROM?"),
        ("RINGBUCH_BASE_URL = 'https://ring.example'", "did you mean BASE_URL?"),
        ("base_url: str = 'https://ring.example'", "did you mean BASE_URL?"),
        ("SQLALCHEMY_ECHO, FOO = True, 1", "has no effect"),
    ],
)
def test_a_name_in_the_file_that_is_no_setting_is_named(settings, line, meant):
    unknown = settings(f"import os\nhome = os.getcwd()\n{line}\n")[config.UNKNOWN]

    assert unknown
    assert all("config.py is no setting" in sentence and meant in sentence for sentence in unknown)
    assert not any("home" in sentence.split()[0] for sentence in unknown)


def test_variables_that_the_program_itself_reads_are_known(settings, monkeypatch):
    monkeypatch.setenv("RINGBUCH_INSTANCE", "/nowhere")
    monkeypatch.setenv("RINGBUCH_SERVER_THREADS", "4")

    assert settings()[config.UNKNOWN] == []


@pytest.mark.parametrize(
    ("key", "weakness"),
    [
        ("short", "is too short"),
        ("x" * 40, "too few different characters"),
        ("12345678" * 8, "too few different characters"),
        ("my ring of 2026! " * 3, "repeats itself"),
        ("please-change-me-before-the-first-start", "is an example"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "is an example"),
    ],
)
def test_a_key_that_could_be_guessed_is_refused_at_the_start(settings, key, weakness):
    with pytest.raises(config.SettingError, match=weakness):
        settings(SECRET_KEY=key)


def test_random_keys_are_accepted():
    assert {weakness_of_key(make(32)) for make in (secrets.token_hex, secrets.token_urlsafe)} == {""}
