"""The security log: log-ins, refusals, pauses, exports, kept for 90 days. Never what was typed, networks shortened.

Requests count in memory; a second later a thread writes the counts, one row for each kind, network and login of a
minute. So neither does a request wait for the log, nor can a thousand refusals a second fill or hold the database. The
same goes, line by line, into the file security.log of the instance folder, for fail2ban: bounded for each network and
minute, and by the size of the file.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Timer

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.auth.models import SecurityEntry
from app.clock import now
from app.extensions import db
from booking.kernel.errors import DomainError
from booking.kernel.networks import network_of
from booking.kernel.transaction import in_write_transaction

LOGGED_IN, LOGIN_REFUSED, CODE_REFUSED = "logged_in", "login_refused", "code_refused"
PAUSED, RESET_ASKED, LINK_REFUSED = "paused", "reset_asked", "link_refused"
TOKEN_REFUSED, SETUP_REFUSED, EXPORTED, ROLES_CHANGED = "token_refused", "setup_refused", "exported", "roles_changed"
ACCESS_REFUSED = "access_refused"  # to a login without the right

KEPT = timedelta(days=90)
ROWS_MAX = 200_000
WRITE_AFTER_SECONDS = 1.0
KEYS_MAX = 200  # rows of one process and minute; what comes beyond is counted without its network and login
LINES_MAX, LINES_MAX_OF_ONE = 300, 30  # of the file, each minute, of one process and of one network in it
FILE_BYTES_MAX = 20 * 1024 * 1024  # of a day
FILE_NAME = "security.log"
OTHERS, TERMINAL = "others", "terminal"
EXTENSION = "ringbuch_security_log"

log = logging.getLogger(__name__)

Key = tuple[datetime, str, str, int, str]


class SecurityLog:
    """What one process has counted and not written yet."""

    def __init__(self, app: Flask) -> None:
        self._app, self._file = app, Path(app.instance_path) / FILE_NAME
        self._counts: Counter[Key] = Counter()
        self._rows: Counter[Key] = Counter()
        self._keys: set[Key] = set()  # of the present minute, written or not
        self._lines: Counter[str] = Counter()
        self._minute: datetime | None = None
        self._timer: Timer | None = None
        self._lock = Lock()

    def note(
        self, kind: str, network: str, user_id: int, moment: datetime, *, file: str = "", row_count: int = 0
    ) -> None:
        """Count one thing that happened. Never waits for the database and never raises."""
        minute = moment.replace(second=0, microsecond=0)
        with self._lock:
            self._begin(minute)
            key = self._bounded((minute, kind, network, user_id, file))
            self._counts[key] += 1
            self._rows[key] += row_count
            has_line = self._counts_line(network)
            if self._timer is None and not self._app.testing:
                self._timer = Timer(WRITE_AFTER_SECONDS, self.write)
                self._timer.daemon = True
                self._timer.start()
        if has_line:
            of_file = f" file {file} rows {row_count}" if file else ""
            self._append(f"{moment:%Y-%m-%dT%H:%M:%SZ} ringbuch: {kind} from {network} login {user_id}{of_file}\n")

    def write(self) -> None:
        """Write the counts into the database; what cannot be written now is kept for the next time."""
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counter(), None
            rows, self._rows = self._rows, Counter()
        try:
            with self._app.app_context(), Session(db.engine) as session:
                in_write_transaction(session, lambda: add_counts(session, counts, rows))
        except (DomainError, SQLAlchemyError) as error:
            log.warning("the security log waits: %s", type(error).__name__)
            with self._lock:
                self._counts = Counter(dict((counts + self._counts).most_common(KEYS_MAX)))
                self._rows = Counter({key: count for key, count in (rows + self._rows).items() if key in self._counts})

    def _begin(self, minute: datetime) -> None:
        if minute != self._minute:
            self._minute, self._keys, self._lines = minute, set(), Counter()

    def _bounded(self, key: Key) -> Key:
        """Return the key, or that of all others where this minute, or what waits, has as many as it may."""
        minute, kind, *_rest = key
        is_new = key not in self._keys and len(self._keys) >= KEYS_MAX
        if key not in self._counts and (is_new or len(self._counts) >= KEYS_MAX):
            return minute, kind, OTHERS, 0, ""
        self._keys.add(key)
        return key

    def _counts_line(self, network: str) -> bool:
        """Return whether another line may be written in this minute."""
        if self._lines.total() >= LINES_MAX or self._lines[network] >= LINES_MAX_OF_ONE:
            return False
        self._lines[network] += 1
        return True

    def _append(self, line: str) -> None:
        """Append a line; several processes write one file, each line in one piece."""
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _give_to_owner_of_folder(descriptor, self._file.parent)
                if os.fstat(descriptor).st_size < FILE_BYTES_MAX:
                    os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:  # a read-only folder, a full disk: the database has the counts
            log.debug("no line in %s: %s", self._file, error.strerror)


def init_app(app: Flask) -> None:
    """Make the log of an application, and note what its answers show: pauses, refusals, and files of the ring."""
    app.extensions[EXTENSION] = SecurityLog(app)
    app.after_request(note_answer)


def note(kind: str, user_id: int | None = None) -> None:
    """Note that something of a kind happened. user_id: of the login that it concerns, where there is one."""
    current_app.extensions[EXTENSION].note(kind, _network(), user_id or 0, now())


def export_noter(file: str) -> Callable[[int], None]:
    """Return a function that notes an export of the present request or command, once its rows are known.

    file: the name of the table and its format, "members.csv"; never what was typed. It may be called when the request
    is over.
    """
    seclog, network, user_id = current_app.extensions[EXTENSION], _network(), _user_id() or 0
    if has_request_context():
        g.export_is_noted = True

    def noted(row_count: int) -> None:
        seclog.note(EXPORTED, network, user_id, now(), file=file, row_count=row_count)

    return noted


def write_now() -> None:
    """Write what was noted, for a command, whose process ends before a thread would."""
    current_app.extensions[EXTENSION].write()


def note_answer(response: Response) -> Response:
    """Note answers that ask for a pause or refuse a login, and files with data of the ring that no view has noted."""
    if response.status_code == 429:
        note(PAUSED, _user_id())
    elif response.status_code == 403:
        if user_id := _user_id():
            note(ACCESS_REFUSED, user_id)
    elif response.headers.get("Content-Disposition", "").startswith("attachment") and "export_is_noted" not in g:
        note(EXPORTED, _user_id())
    return response


def add_counts(session: Session, counts: Counter[Key], rows: Counter[Key]) -> None:
    """Add counts, and those of rows, to the entries of their minutes. Call inside write_transaction()."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    columns = ("minute", "kind", "network", "user_id", "file")
    for key, count in sorted(counts.items()):
        entry = insert(SecurityEntry).values(**dict(zip(columns, key, strict=True)), count=count, row_count=rows[key])
        added = {name: getattr(SecurityEntry, name) + entry.excluded[name] for name in ("count", "row_count")}
        session.execute(entry.on_conflict_do_update(index_elements=columns, set_=added))


def delete_old(session: Session, *, now: datetime) -> None:
    """Delete what is older than 90 days, and the oldest beyond 200,000 rows. Call inside write_transaction()."""
    beyond = select(SecurityEntry.id).order_by(SecurityEntry.id.desc()).offset(ROWS_MAX).limit(1)
    newest_beyond = session.scalar(beyond) or 0
    session.execute(delete(SecurityEntry).where(SecurityEntry.minute < now - KEPT))
    session.execute(delete(SecurityEntry).where(SecurityEntry.id <= newest_beyond))


def rotate_file(folder: Path, *, now: datetime) -> None:
    """Put the file of a day aside, once a day, and delete those older than 90 days."""
    current = folder / FILE_NAME
    if current.exists() and current.stat().st_size:
        current.rename(folder / f"{FILE_NAME}.{now:%Y-%m-%d}")
    oldest = f"{FILE_NAME}.{now - KEPT:%Y-%m-%d}"
    for each in folder.glob(f"{FILE_NAME}.*"):
        if each.name < oldest:
            each.unlink(missing_ok=True)


def _network() -> str:
    return (network_of(request.remote_addr) or OTHERS) if has_request_context() else TERMINAL


def _give_to_owner_of_folder(descriptor: int, folder: Path) -> None:
    """Give a file to the owner of its folder: a command of root must not keep the ring from writing it."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _user_id() -> int | None:
    """Return the login of the present request, if it was looked up: nothing is read from the database for the log."""
    return getattr(g.get("_login_user"), "id", None)
