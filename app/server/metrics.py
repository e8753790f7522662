"""Figures for operators: how much is asked of the web, how quickly it answers, what waits for the worker.

Kept only where METRICS_TOKEN is set. The web has several processes; they add up through small files
(PROMETHEUS_MULTIPROC_DIR), which `ring serve` empties at each start. The files are written as memory is: on a full
disk that would kill the process, so they lie in the machine's memory where it has a folder for that.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flask import Flask, Response, g, request
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.mail.models import Mail
from app.subscriptions import SUBSCRIPTIONS
from booking.kernel import cursors
from booking.kernel.deliveries import Delivery, Failure
from booking.kernel.events import RecordedEvent

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MEASURED = "ring_metrics"
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own within, for this user alone


def init_app(app: Flask) -> None:
    """Count and time the answers of an application that has a METRICS_TOKEN."""
    if not app.config["METRICS_TOKEN"]:
        return
    if FOLDER not in os.environ:
        os.environ[FOLDER] = str(folder_of(Path(app.instance_path)))
    Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)

    # The library looks for the folder while it is imported.
    from prometheus_client import Histogram

    if MEASURED not in _kept:
        _kept[MEASURED] = Histogram(
            "ringbuch_answers_seconds",
            "Time from a request to its answer",
            ["endpoint", "method", "status"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
            registry=None,
        )
    app.before_request_funcs.setdefault(None, []).insert(0, _start)
    app.after_request(_count)


def folder_of(instance: Path) -> Path:
    """Where the figures of an instance lie: in memory (Linux), else in the instance folder."""
    if not hasattr(os, "getuid"):
        return instance / "metrics"
    name = hashlib.sha256(str(instance).encode()).hexdigest()[:16]
    folder = IN_MEMORY / f"ringbuch-{os.getuid()}-{name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        is_ours = folder.stat(follow_symlinks=False).st_uid == os.getuid()
    except OSError:
        is_ours = False
    return folder if is_ours else instance / "metrics"


def forget_earlier_processes() -> None:
    """Empty the folder of figures, if there is one; call before the web starts."""
    if FOLDER in os.environ:
        for file in Path(os.environ[FOLDER]).glob("*.db"):
            file.unlink(missing_ok=True)


def as_text(session: Session) -> str:
    """All figures in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry).decode() + "".join(_waiting(session))


_kept: dict[str, object] = {}


def _start() -> None:
    g.asked_at = time.perf_counter()


def _count(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("asked_at", time.perf_counter())
    histogram = _kept[MEASURED]
    endpoint = request.endpoint or "unknown"
    with suppress(OSError):  # a figure that cannot be written is no reason to refuse the answer
        histogram.labels(endpoint, request.method, response.status_code).observe(seconds)  # type: ignore[attr-defined]
    return response


def _waiting(session: Session) -> Iterator[str]:
    """What the worker has before it, read from the database: the same from every process."""
    open_letters = select(func.count()).where(Mail.sent_at.is_(None))
    yield "# HELP ringbuch_mails Letters that are not sent\n# TYPE ringbuch_mails gauge\n"
    for state, condition in (("waiting", Mail.given_up_at.is_(None)), ("given_up", Mail.given_up_at.is_not(None))):
        yield f'ringbuch_mails{{state="{state}"}} {session.scalar(open_letters.where(condition))}\n'
    yield "# HELP ringbuch_events_waiting Events that a subscriber has not heard of\n"
    yield "# TYPE ringbuch_events_waiting gauge\n"
    for subscription in SUBSCRIPTIONS:
        count = _events_waiting(session, subscription.subscriber, list(subscription.handlers))
        yield f'ringbuch_events_waiting{{subscriber="{subscription.subscriber}"}} {count}\n'
    set_aside = session.scalar(select(func.count()).where(Failure.next_try_at.is_(None)))
    yield "# HELP ringbuch_events_set_aside Events that a person has to look at\n"
    yield f"# TYPE ringbuch_events_set_aside gauge\nringbuch_events_set_aside {set_aside}\n"


def _events_waiting(session: Session, subscriber: str, types: list[str]) -> int:
    delivered = exists().where(Delivery.event_id == RecordedEvent.id, Delivery.subscriber == subscriber)
    waiting = select(func.count()).where(
        RecordedEvent.id > cursors.position_of(session, subscriber), RecordedEvent.type.in_(types), ~delivered
    )
    return session.scalar(waiting) or 0
