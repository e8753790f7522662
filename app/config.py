"""Every setting, with its unit, its default and a sentence. `ring settings` prints them.

A value comes from the environment (RINGBUCH_NAME), else from instance/config.py (NAME = ...), else from here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from click import ClickException
from flask import Flask
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.setting_names import PREFIX, unknown_in_environment, unknown_in_file
from app.setting_types import (
    BearerToken,
    DatabaseUrl,
    HostNames,
    HttpUrl,
    Languages,
    MailAddress,
    MailUrl,
    RateText,
    SecretKeys,
    TimeZoneName,
    require_http,
    sentence_about_former,
    sentence_about_key,
    weakness_of_key,
)
from booking.kernel.database_url import file_url, former_file, sqlalchemy_url
from booking.kernel.texts import code_points, is_fit
from booking.times.wall_clock import USUAL_ZONE

ADDRESS_FILE = "address"
KEY_FILE = "secret_key"
DEFAULT_BASE_URL = "http://127.0.0.1:8000"
SOURCES = "SETTING_SOURCES"  # in app.config: setting -> where its value comes from
UNKNOWN = "UNKNOWN_SETTINGS"  # in app.config: a sentence for each name that is no setting


class SettingError(ClickException):
    """A setting that cannot be used; the text names it, the reason and what to do."""


def _setting(default: Any, unit: str, sentence: str, *, is_secret: bool = False, **limits: Any) -> Any:
    """Declare a setting. limits: those of pydantic.Field, as ge, le, min_length."""
    extra: dict[str, Any] = {"unit": unit, "is_secret": is_secret}
    return Field(default, description=sentence, repr=not is_secret, json_schema_extra=extra, **limits)


class Settings(BaseModel):
    """What an operator can set."""

    model_config = ConfigDict(validate_default=True)

    DATABASE_URL: DatabaseUrl = _setting(
        "",
        "URL",
        "Database; empty: ring.sqlite in the instance folder; postgresql://... to grow.",
        is_secret=True,
    )
    DATABASE_POOLER: Literal["none", "transaction"] = _setting(
        "none",
        "kind",
        "transaction: a pooler such as PgBouncer in transaction mode stands in front of PostgreSQL.",
    )
    SECRET_KEY: str = _setting(
        "",
        "text",
        "Signs cookies; at least 32 characters; empty: made once and stored in instance/secret_key.",
        is_secret=True,
    )
    SECRET_KEY_FALLBACKS: SecretKeys = _setting(
        [],
        "texts",
        "Keys before SECRET_KEY, comma-separated: cookies signed and secrets stored with them stay valid.",
        is_secret=True,
    )
    BASE_URL: HttpUrl = _setting(
        "",
        "URL",
        "Address under which members reach the ring; links in mails use it. Empty: where the ring was served last.",
    )
    TRUSTED_HOSTS: HostNames = _setting(
        [],
        "host names",
        "Host names that requests may use, comma-separated; empty: that of BASE_URL and loopback.",
    )
    TRUSTED_PROXIES: int = _setting(
        0, "proxies", "Number of proxies in front whose X-Forwarded headers are trusted.", ge=0, le=10
    )
    MAIL_URL: MailUrl = _setting(
        "console:",
        "URL",
        "Mail server: smtp://user:pass@host:port, smtps://..., or console: (mails are printed by the worker).",
        is_secret=True,
    )
    MAIL_FROM: MailAddress = _setting(
        "", "mail address", "Sender of mails; empty: the ring's own address, else ringbuch@localhost."
    )
    TIMEZONE: TimeZoneName = _setting(
        USUAL_ZONE, "IANA name", "Time zone of a new ring; afterwards the one in its settings counts."
    )
    LOCALES: Languages = _setting(
        ["de", "en"], "languages", "Languages offered, the first is the default; comma-separated.", min_length=1
    )
    SESSION_DAYS: int = _setting(30, "days", "How long a log-in lasts.", ge=1, le=3_650)
    INVITATION_DAYS: int = _setting(7, "days", "How long an invitation link works.", ge=1, le=365)
    PASSWORD_LINK_MINUTES: int = _setting(60, "minutes", "How long a link to a new password works.", ge=1, le=10_080)
    REMINDER_HOUR: int = _setting(
        18, "hour", "When reminders of the next day's reservations are sent, by the ring's clock.", ge=12, le=23
    )
    DIGEST_HOUR: int = _setting(
        6, "hour", "When managers who chose it get what waits for them, by the ring's clock.", ge=0, le=11
    )
    LOGIN_LIMIT: RateText = _setting(
        "120 per minute",
        "attempts per time",
        "Log-ins, right or wrong, per network address (IPv6: /64); an office shares one.",
    )
    API_LIMIT: RateText = _setting("20000 per 5 minutes", "calls per time", "Calls, per login and web process.")
    EXPORT_LIMIT: RateText = _setting(
        "120 per minute", "files per time", "Files, imports, pictures and previews of costs, per login and web process."
    )
    WEB_PROCESSES: int = _setting(2, "processes", "How many serve the web: one for each free core.", ge=1, le=32)
    UPLOAD_MB: int = _setting(8, "megabytes", "Largest upload.", ge=1, le=1_024)
    METRICS_TOKEN: BearerToken = _setting("", "text", "Bearer token for /metrics; empty: 404.", is_secret=True)
    STRIPE_SECRET_KEY: str = _setting(
        "", "text", "Key of the payment provider (payments follow later).", is_secret=True
    )
    STRIPE_WEBHOOK_SECRET: str = _setting("", "text", "Secret that signs the provider's messages.", is_secret=True)
    STRIPE_API_BASE: HttpUrl = _setting("", "URL", "Another address of the payment provider, for tests.")

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_unfit(cls, value: Any) -> Any:
        """Refuse True and False, which Python would count as 1 and 0, and texts with control characters."""
        if isinstance(value, bool):
            raise ValueError("no setting is True or False")
        if isinstance(value, str) and not is_fit(value):
            raise ValueError(f"it holds control characters ({code_points(value)})")
        return value


def configure(app: Flask, overrides: Mapping[str, Any] | None) -> None:
    """Fill app.config from defaults, instance/config.py, environment and overrides, in this order."""
    path = Path(app.instance_path) / "config.py"
    in_file = _read_file(app, path)
    try:
        settings = Settings.model_validate({**in_file, **_environment()})
    except ValidationError as error:
        raise SettingError("\n".join(_message(each, in_file, path) for each in error.errors())) from error
    app.config.from_mapping(settings.model_dump())
    app.config.from_mapping(overrides or {})
    app.config[SOURCES] = _sources(in_file, path, overrides or {})
    app.config[UNKNOWN] = _unknown(path)
    for sentence in app.config[UNKNOWN]:
        app.logger.warning("%s", sentence)
    _derive(app)


def _read_file(app: Flask, path: Path) -> dict[str, Any]:
    """Run instance/config.py, if there is one, and return the settings in it; None there means the default."""
    try:
        app.config.from_pyfile(str(path), silent=True)
    except Exception as error:  # the operator's own program: it may raise anything
        raise SettingError(f"{path} cannot be read: {error}.") from error
    return {name: app.config[name] for name in Settings.model_fields if app.config.get(name) is not None}


def _environment() -> dict[str, str]:
    return {name: os.environ[PREFIX + name] for name in Settings.model_fields if PREFIX + name in os.environ}


def _sources(in_file: Mapping[str, Any], path: Path, overrides: Mapping[str, Any]) -> dict[str, str]:
    """Return where each value that is not a default comes from."""
    return {
        **dict.fromkeys(in_file, str(path)),
        **dict.fromkeys(_environment(), "environment"),
        **{name: "program" for name in overrides if name in Settings.model_fields},
    }


def _unknown(path: Path) -> list[str]:
    """Return a sentence for each name in the environment and the file that is no setting."""
    names = unknown_in_environment(os.environ, Settings.model_fields)
    if not path.is_file():
        return names
    return names + unknown_in_file(path.read_bytes(), Settings.model_fields, str(path))


def _message(error: Any, in_file: Mapping[str, Any], path: Path) -> str:
    """Return one line that names the setting, where it stands, and what is wrong with it."""
    name = str(error["loc"][0])
    text, field = os.environ.get(PREFIX + name), Settings.model_fields[name]
    label, value, place = (name, in_file.get(name), f" in {path}") if text is None else (PREFIX + name, text, "")
    shown = f"={value!r}" if field.repr else ""
    reason = (
        str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"][:1].lower() + error["msg"][1:]
    )
    return f"{label}{shown}{place} cannot be used: {reason}. {field.description}"


def _derive(app: Flask) -> None:
    config = app.config
    if not config["SECRET_KEY"]:
        config["SECRET_KEY"] = load_or_create_secret_key(Path(app.instance_path))
        config[SOURCES]["SECRET_KEY"] = str(Path(app.instance_path) / KEY_FILE)
    if weakness := weakness_of_key(config["SECRET_KEY"]):
        raise SettingError(sentence_about_key(weakness, config[SOURCES].get("SECRET_KEY", ""), KEY_FILE))
    if not config["BASE_URL"]:
        saved = _saved_base_url(Path(app.instance_path))
        config["BASE_URL"] = saved or DEFAULT_BASE_URL
        config[SOURCES]["BASE_URL"] = str(Path(app.instance_path) / ADDRESS_FILE) if saved else "default"
    config["BASE_URL"] = config["BASE_URL"].rstrip("/")
    behind_tls = config["BASE_URL"].startswith("https://")
    config.update(
        SQLALCHEMY_DATABASE_URI=_uri_of(app),
        SESSION_COOKIE_NAME="__Host-ringbuch" if behind_tls else "ringbuch",
        SESSION_COOKIE_SECURE=behind_tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=config["SESSION_DAYS"]),
        SESSION_REFRESH_EACH_REQUEST=False,  # a response that changes nothing sets no cookie
        MAX_CONTENT_LENGTH=config["UPLOAD_MB"] * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=config["UPLOAD_MB"] * 1024 * 1024,  # a previewed table comes back as a field of a form
        WTF_CSRF_TIME_LIMIT=None,  # a form left open overnight still works; the token ends with the session
        BABEL_DEFAULT_LOCALE=config["LOCALES"][0],
        RATELIMIT_ENABLED=config.get("RATELIMIT_ENABLED", True),
        RATELIMIT_STORAGE_URI="ringbuch://",  # app/auth/login_rate.py
        RATELIMIT_STORAGE_OPTIONS={"limit": config["LOGIN_LIMIT"]},
        RATELIMIT_HEADERS_ENABLED=False,  # else every response of a limited page carries Retry-After
    )


def save_base_url(instance: Path, base_url: str) -> None:
    """Store where the ring is served, so that links made by commands lead there as well."""
    with suppress(OSError):  # a read-only folder: BASE_URL must be set instead
        (instance / ADDRESS_FILE).write_text(base_url, encoding="utf-8")


def _saved_base_url(instance: Path) -> str:
    try:
        return require_http((instance / ADDRESS_FILE).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return ""


def _uri_of(app: Flask) -> str:
    return database_uri(app.config["DATABASE_URL"], Path(app.instance_path), app.config["DATABASE_POOLER"])


def database_uri(database_url: str, instance: Path, pooler: str = "none") -> str:
    """Return the URL for SQLAlchemy: psycopg 3 for PostgreSQL, an absolute path for SQLite."""
    if pooler != "none" and not database_url.startswith("postgres"):
        raise SettingError("DATABASE_POOLER is for PostgreSQL: name it in DATABASE_URL, or leave the setting out.")
    if not database_url:
        file = (instance / "ring.sqlite").resolve()
        if former := former_file(file):
            raise SettingError(sentence_about_former(former, file, PREFIX))
        return file_url(file)
    url = sqlalchemy_url(database_url)
    return url if pooler == "none" else f"{url}{'&' if '?' in url else '?'}pooler={pooler}"


def load_or_create_secret_key(instance: Path) -> str:
    """Return the key stored in the instance folder; it is made at first use, readable by its owner alone."""
    path = instance / KEY_FILE
    try:
        return _read_or_create(path)
    except OSError as error:
        raise SettingError(
            f"The key that signs cookies cannot be stored in {instance} ({error.strerror}). "
            "Make room there, let the user who runs Ringbuch write to it, or choose another folder."
        ) from error


def _read_or_create(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{os.getpid()}")
        try:
            fresh.touch(mode=0o600)
            with fresh.open("wb", buffering=0) as file:
                file.write(secrets.token_urlsafe(48).encode())
                os.fsync(file.fileno())  # a power cut must not leave an empty key: second factors are encrypted with it
            os.link(fresh, path)  # of two processes that start at once, the first wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    return path.read_text(encoding="ascii", errors="replace").strip()
