"""Every setting, with its unit, its default and a sentence. `ring settings` prints this page.

A value comes from the environment (RINGBUCH_NAME), else from instance/config.py (NAME = ...), else from here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from click import ClickException
from flask import Flask

PREFIX = "RINGBUCH_"
SECRET_KEY_MIN_LENGTH = 32
ADDRESS_FILE = "address"
ANY_ADDRESS = "http://127.0.0.1:8000"
LANGUAGES = ("de", "en")  # English is that of the source; every other one has a folder in translations/


class SettingError(ClickException):
    """A setting that cannot be used; the text names it, the rule and the way out."""


@dataclass(frozen=True)
class Setting:
    """One setting. `read` turns a text into the value, or raises ValueError that says what is wrong with it."""

    name: str
    default: Any
    sentence: str
    read: Callable[[str], Any] = str
    is_secret: bool = False


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _languages(text: str) -> list[str]:
    words = _words(text)
    if not words or not set(words) <= set(LANGUAGES):
        raise ValueError(f"there are {' and '.join(LANGUAGES)}")
    return words


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(f"it must lie between {least} and {most}")
        return number

    return read


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise ValueError("there is no such time zone") from None
    return text


def _address(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    return text


SETTINGS = (
    Setting(
        "DATABASE_URL",
        "",
        "Database; empty: ring.sqlite in the instance folder; postgresql://... to grow.",
        is_secret=True,
    ),
    Setting(
        "SECRET_KEY",
        "",
        "Signs cookies; at least 32 characters; empty: made once and kept in instance/secret_key.",
        is_secret=True,
    ),
    Setting(
        "BASE_URL",
        "",
        "Address under which members reach the ring; links in mails use it. Empty: where the ring was served last.",
        _address,
    ),
    Setting(
        "TRUSTED_HOSTS",
        [],
        "Host names that may be asked for, comma-separated; empty: that of BASE_URL and loopback.",
        _words,
    ),
    Setting("TRUSTED_PROXIES", 0, "Number of proxies in front whose X-Forwarded headers are believed.", _number(0, 10)),
    Setting(
        "MAIL_URL",
        "console:",
        "Where letters go: smtp://user:pass@host:port, smtps://..., or console: (printed by the worker).",
        is_secret=True,
    ),
    Setting("MAIL_FROM", "", "Sender address of letters; empty: the ring's own address, else ringbuch@localhost."),
    Setting(
        "TIMEZONE",
        "Europe/Berlin",
        "Time zone of the ring where a workshop has none of its own (IANA name).",
        _time_zone,
    ),
    Setting("LOCALES", ["de", "en"], "Languages offered, the first is the default; comma-separated.", _languages),
    Setting("SESSION_DAYS", 30, "Days until a log-in ends by itself.", _number(1, 3_650)),
    Setting("INVITATION_DAYS", 7, "Days an invitation link works.", _number(1, 365)),
    Setting("PASSWORD_LINK_MINUTES", 60, "Minutes a forgotten-password link works.", _number(1, 10_080)),
    Setting("LOGIN_LIMIT", "120 per minute", "Log-ins, right or wrong, per network address; an office shares one."),
    Setting("UPLOAD_MB", 8, "Largest upload in megabytes.", _number(1, 1_024)),
    Setting("METRICS_TOKEN", "", "Bearer token for /metrics; empty: the page answers 404.", is_secret=True),
    Setting(
        "STRIPE_SECRET_KEY",
        "",
        "Key of the payment provider (payments follow in a later version).",
        is_secret=True,
    ),
    Setting("STRIPE_WEBHOOK_SECRET", "", "Secret that signs the payment provider's messages.", is_secret=True),
    Setting("STRIPE_API_BASE", "", "Another address of the payment provider, for tests."),
)


def configure(app: Flask, overrides: Mapping[str, Any] | None) -> None:
    """Fill app.config from defaults, instance/config.py, environment and overrides, in this order."""
    app.config.from_mapping({setting.name: setting.default for setting in SETTINGS})
    _read_file(app)
    app.config.from_mapping(_from_environment(os.environ))
    app.config.from_mapping(overrides or {})
    _derive(app)


def _read_file(app: Flask) -> None:
    """Take the settings of instance/config.py; each is held to the same rule as in the environment."""
    path = Path(app.instance_path) / "config.py"
    try:
        app.config.from_pyfile(str(path), silent=True)
    except Exception as error:  # a program of the operator's: anything can be wrong with it
        raise SettingError(f"{path} cannot be read: {error}.") from error
    for setting in SETTINGS:
        value = app.config[setting.name]
        if value is None:
            app.config[setting.name] = setting.default
        elif value is not setting.default:
            text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            app.config[setting.name] = _value(setting, text, f"{setting.name}={value!r} in {path}")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        setting.name: _value(setting, text, f"{PREFIX}{setting.name}={text!r}")
        for setting in SETTINGS
        if (text := environment.get(PREFIX + setting.name)) is not None
    }


def _value(setting: Setting, text: str, where: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        raise SettingError(f"{where} cannot be used: {error}. {setting.sentence}") from error


def _derive(app: Flask) -> None:
    config = app.config
    config["SECRET_KEY"] = config["SECRET_KEY"] or kept_secret_key(Path(app.instance_path))
    if len(config["SECRET_KEY"]) < SECRET_KEY_MIN_LENGTH:
        raise SettingError(
            f"SECRET_KEY is too short: use at least {SECRET_KEY_MIN_LENGTH} random characters, or leave it out."
        )
    config["BASE_URL"] = (config["BASE_URL"] or _kept_address(Path(app.instance_path)) or ANY_ADDRESS).rstrip("/")
    behind_tls = config["BASE_URL"].startswith("https://")
    config.update(
        SQLALCHEMY_DATABASE_URI=database_uri(config["DATABASE_URL"], Path(app.instance_path)),
        SESSION_COOKIE_NAME="__Host-ringbuch" if behind_tls else "ringbuch",
        SESSION_COOKIE_SECURE=behind_tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=config["SESSION_DAYS"]),
        SESSION_REFRESH_EACH_REQUEST=False,  # an answer that changes nothing sets no cookie
        MAX_CONTENT_LENGTH=config["UPLOAD_MB"] * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # a form left open overnight is still good; the token dies with the session
        BABEL_DEFAULT_LOCALE=config["LOCALES"][0],
        BABEL_DEFAULT_TIMEZONE=config["TIMEZONE"],
        BOOTSTRAP_SERVE_LOCAL=True,
        RATELIMIT_STORAGE_URI="memory://",
        RATELIMIT_HEADERS_ENABLED=False,  # else it would put its own Retry-After on every answer of a limited page
    )


def keep_address(instance: Path, base_url: str) -> None:
    """Write down where the ring is served, so that links made at a terminal lead there as well."""
    with suppress(OSError):  # a folder that may only be read: BASE_URL has to say it
        (instance / ADDRESS_FILE).write_text(base_url, encoding="utf-8")


def _kept_address(instance: Path) -> str:
    try:
        return _address((instance / ADDRESS_FILE).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return ""


def database_uri(database_url: str, instance: Path) -> str:
    """The address SQLAlchemy wants: psycopg 3 for PostgreSQL, an absolute file for SQLite."""
    if not database_url:
        return f"sqlite:///{(instance / 'ring.sqlite').resolve()}"
    for plain in ("postgresql://", "postgres://"):
        if database_url.startswith(plain):
            return "postgresql+psycopg://" + database_url.removeprefix(plain)
    return database_url


def kept_secret_key(instance: Path) -> str:
    """The key kept in the instance folder, made at first use, readable by its owner alone."""
    path = instance / "secret_key"
    try:
        return _read_or_made(path)
    except OSError as error:
        raise SettingError(
            f"The key that signs cookies cannot be kept in {instance} ({error.strerror}). "
            "Make room there, let the user who runs Ringbuch write to it, or choose another folder."
        ) from error


def _read_or_made(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{os.getpid()}")
        try:
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
            os.link(fresh, path)  # of two processes that start at once, one key wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()
