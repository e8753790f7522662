"""A setting that cannot be used is named at the start, not met later on some page."""

from __future__ import annotations

import pytest

from app import config, create_app

KEY = 'SECRET_KEY = "tests-and-nothing-but-tests-use-this-key"\n'


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """settings(text of instance/config.py, NAME=text of the environment ...) -> what the application is set to."""
    for setting in config.SETTINGS:
        monkeypatch.delenv(config.PREFIX + setting.name, raising=False)

    def read(file="", **environment):
        (tmp_path / "config.py").write_text(KEY + file, encoding="utf-8")
        for name, text in environment.items():
            monkeypatch.setenv(config.PREFIX + name, text)
        return create_app(instance_path=tmp_path).config

    return read


BAD = [
    ("TIMEZONE", "Mars/Phobos", "there is no such time zone"),
    ("LOCALES", "fr", "there are de and en"),
    ("LOCALES", "", "there are de and en"),
    ("BASE_URL", "ring.example", "it must begin with http"),
    ("SESSION_DAYS", "0", "it must lie between 1 and 3650"),
    ("UPLOAD_MB", "many", "invalid literal"),
    ("TRUSTED_PROXIES", "-1", "it must lie between 0 and 10"),
]


@pytest.mark.parametrize(("name", "text", "reason"), BAD)
def test_the_environment_is_refused_with_the_name_and_the_reason(settings, name, text, reason):
    with pytest.raises(config.SettingError, match=rf"RINGBUCH_{name}='{text}' cannot be used: {reason}"):
        settings(**{name: text})


@pytest.mark.parametrize(("name", "text", "reason"), BAD)
def test_the_file_is_held_to_the_same_rules(settings, name, text, reason):
    with pytest.raises(config.SettingError, match=rf"{name}='{text}' in .*config.py cannot be used: {reason}"):
        settings(f"{name} = {text!r}")


@pytest.mark.parametrize("file", ["SESSION_DAYS = (", "import nothing_of_this_name", "TIMEZONE = UNKNOWN"])
def test_a_file_that_is_no_python_is_named(settings, file):
    with pytest.raises(config.SettingError, match=r"config\.py cannot be read: "):
        settings(file)


def test_the_file_may_write_figures_and_lists_as_python_does_or_as_text(settings):
    written = settings(
        'SESSION_DAYS = 7\nUPLOAD_MB = "9"\nLOCALES = ["en"]\nTRUSTED_HOSTS = ("a.example", "b.example")'
    )

    assert (written["SESSION_DAYS"], written["UPLOAD_MB"], written["LOCALES"]) == (7, 9, ["en"])
    assert written["TRUSTED_HOSTS"] == ["a.example", "b.example"]


def test_nothing_in_the_file_means_the_default(settings):
    written = settings("MAIL_FROM = None\nSESSION_DAYS = None")

    assert (written["MAIL_FROM"], written["SESSION_DAYS"]) == ("", 30)


def test_links_lead_to_where_the_ring_was_served_last_unless_somebody_says_otherwise(settings, tmp_path):
    assert settings()["BASE_URL"] == "http://127.0.0.1:8000"
    config.keep_address(tmp_path, "http://127.0.0.1:9000")

    assert settings()["BASE_URL"] == "http://127.0.0.1:9000"
    assert settings(BASE_URL="https://ring.example/")["BASE_URL"] == "https://ring.example"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe"])
def test_an_address_that_cannot_be_one_is_passed_over(settings, tmp_path, content):
    (tmp_path / config.ADDRESS_FILE).write_bytes(content)

    assert settings()["BASE_URL"] == "http://127.0.0.1:8000"


def test_the_environment_has_the_last_word(settings):
    assert settings("SESSION_DAYS = 7", SESSION_DAYS="8")["SESSION_DAYS"] == 8
