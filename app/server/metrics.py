"""Prometheus metrics: number and duration of requests, queue lengths of the worker.

Collected only where METRICS_TOKEN is set. The web processes share their values through small memory-mapped files
(PROMETHEUS_MULTIPROC_DIR), whose folder the first request makes and `ring serve` removes, before and after. On a full
disk, writing to them would kill the process, so they are stored in /dev/shm where it exists.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, g, request
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.mail.models import Mail
from app.subscriptions import SUBSCRIPTIONS
from app.web.schema_difference import fault_of
from app.web.uncounted import is_uncounted
from booking.kernel import cursors
from booking.kernel.deliveries import Delivery, Failure
from booking.kernel.events import RecordedEvent, Subscription
from booking.kernel.transaction import discard

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram, Metric

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
DURATION, TROUBLES = "request_duration", "troubles"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATUSES = frozenset(HTTPStatus)
OTHER = "other"  # the label of whatever a client invents
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - holds a folder that only this user can enter


def init_app(app: Flask) -> None:
    """Count and time the requests of an application that has a METRICS_TOKEN."""
    if not app.config["METRICS_TOKEN"]:
        return
    if FOLDER_VARIABLE not in os.environ:
        os.environ[FOLDER_VARIABLE] = str(metrics_folder(Path(app.instance_path)))

    # The library reads the folder at import.
    from prometheus_client import Counter, Histogram

    if DURATION not in _metrics:
        _metrics[DURATION] = Histogram(
            "ringbuch_request_duration_seconds",
            "Time from request to response",
            ["endpoint", "method", "status"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
            registry=None,
        )
        _counters[TROUBLES] = Counter(
            "ringbuch_troubles_total",
            "Requests that could not be served, by the reason",
            ["code"],
            registry=None,
        )
    app.before_request_funcs.setdefault(None, []).insert(0, _start)
    app.after_request(_count)


def metrics_folder(instance: Path) -> Path:
    """Return the folder of an instance's metrics: in shared memory (Linux), else in the instance folder."""
    if not hasattr(os, "getuid"):
        return instance / "metrics"
    name = hashlib.sha256(str(instance).encode()).hexdigest()[:16]
    folder = SHARED_MEMORY / f"ringbuch-{os.getuid()}-{name}"
    try:
        may_use = _is_own_folder(folder)
    except FileNotFoundError:
        may_use = os.access(SHARED_MEMORY, os.W_OK)
    return folder if may_use else instance / "metrics"


def remove_metrics() -> None:
    """Delete the values of earlier processes with their folder: before the web starts, and after it has ended."""
    if FOLDER_VARIABLE in os.environ:
        folder = Path(os.environ[FOLDER_VARIABLE])
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # none, or another's files in it
            folder.rmdir()


def _make_folder() -> None:
    """Make the folder of the values. Raises OSError where another user has made it meanwhile."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.parent == SHARED_MEMORY and not _is_own_folder(folder):
        raise PermissionError(str(folder))


def _is_own_folder(path: Path) -> bool:
    found = path.stat(follow_symlinks=False)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def as_text(session: Session) -> str:
    """Return all metrics in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess

    _make_folder()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(QueueCollector(session))
    return generate_latest(registry).decode()


class QueueCollector:
    """What waits for the worker, read from the database: the same from every process."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[Metric]:
        """Return one gauge for mails, one for events of each subscriber, one for dead-lettered events.

        None while the database cannot be read: the other metrics are needed then most of all.
        """
        try:
            return iter(list(self._gauges()))
        except DatabaseError as error:
            if fault_of(error) is None:
                raise
            discard(self._session)
            return iter(())

    def _gauges(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        mails = GaugeMetricFamily("ringbuch_mails", "Mails that are not sent", labels=["state"])
        for state, is_in_state in (
            ("waiting", Mail.given_up_at.is_(None)),
            ("given_up", Mail.given_up_at.is_not(None)),
        ):
            mails.add_metric([state], self._count(Mail.sent_at.is_(None), is_in_state))
        yield mails
        events = GaugeMetricFamily("ringbuch_events_waiting", "Events to deliver", labels=["subscriber"])
        for subscription in SUBSCRIPTIONS:
            events.add_metric([subscription.subscriber], self._count(*_is_waiting(self._session, subscription)))
        yield events
        dead = self._count(Failure.next_try_at.is_(None))
        yield GaugeMetricFamily("ringbuch_events_dead_lettered", "Events whose delivery was given up", value=dead)

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return self._session.scalar(select(func.count()).where(*conditions)) or 0


_metrics: dict[str, Histogram] = {}
_counters: dict[str, Counter] = {}


def _start() -> None:
    g.request_started = time.perf_counter()


def _count(response: Response) -> Response:
    if is_uncounted():
        return response
    seconds = time.perf_counter() - g.get("request_started", time.perf_counter())
    with suppress(OSError):  # a value that cannot be written must not fail the request
        try:
            _add(response, seconds)
        except FileNotFoundError:  # the first value of all processes
            _make_folder()
            _add(response, seconds)
    return response


def _add(response: Response, seconds: float) -> None:
    _metrics[DURATION].labels(*labels_of(request, response)).observe(seconds)
    if "trouble" in g:
        _counters[TROUBLES].labels(g.trouble).inc()


def labels_of(request: Request, response: Response) -> tuple[str, str, str]:
    """Return endpoint, method and status, each from a closed set: a label that clients choose would never end."""
    method = request.method if request.method in METHODS else OTHER
    status = str(response.status_code) if response.status_code in STATUSES else OTHER
    return request.endpoint or "unknown", method, status


def _is_waiting(session: Session, subscription: Subscription) -> tuple[ColumnElement[bool], ...]:
    name = subscription.subscriber
    delivered = exists().where(Delivery.event_id == RecordedEvent.id, Delivery.subscriber == name)
    is_new = RecordedEvent.id > cursors.position_of(session, name)
    return is_new, RecordedEvent.type.in_(list(subscription.handlers)), ~delivered
