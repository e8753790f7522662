"""/account/my-data: all that the ring holds about me, as a file."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.auth.logins import Login
from app.auth.permissions import OWN_LOGIN
from app.background.deferral import deferred
from app.clock import now
from app.extensions import db
from app.mail.models import Mail
from app.pages.account import bp
from app.pages.account.my_records import my_records
from app.pages.declaration import POST, page
from app.ring_card import ring_card
from app.wording.formats import as_zone
from billing.models import Document
from billing.queries.documents import pdf_of
from booking.kernel.events import RecordedEvent
from booking.models import DamageReport, Photo, UsageRecord
from booking.times.wall_clock import local_day

CHUNK_BYTES = 64 * 1024
ROWS_AT_ONCE = 500_000  # of the event log and the outbox: 0.3 s of one processor on SQLite
SUFFIXES = {"image/webp": "webp", "image/jpeg": "jpg", "image/png": "png"}


@page(bp, "/my-data", access=OWN_LOGIN)
def my_data() -> ResponseReturnValue:
    """Show what is in the file, with the button that makes it."""
    return render_template("account/my_data.html")


@page(bp, "/my-data/file.zip", methods=POST, access=OWN_LOGIN, needs_confirmation=True)
def download_my_data() -> ResponseReturnValue:
    """Return all that the ring holds about the login and its member, pictures included.

    The worker prepares it where the log, which is read whole, is long.
    """
    if task := deferred(is_long=_rows_read(db.session()) > ROWS_AT_ONCE):
        return task
    response = Response(_chunks(_archive(db.session(), current_user)), mimetype="application/zip")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"ringbuch-{local_day(now(), as_zone(None))}.zip"
    )
    return response


def _rows_read(session: Session) -> int:
    """Return the newest ids of what is read whole, which are found without counting."""
    newest = select(*(select(func.max(id_)).scalar_subquery() for id_ in (RecordedEvent.id, Mail.id)))
    return sum(number or 0 for number in session.execute(newest).one())


def _archive(session: Session, login: Login) -> IO[bytes]:
    """Write the archive to a temporary file, which the caller reads and closes."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            records: dict[str, Any] = {"ring": ring_card().name, "made_at": now().isoformat()}
            records |= dict(my_records(session, login))
            archive.writestr("my-data.json", json.dumps(records, ensure_ascii=False, indent=2))
            for name, photo in _photos(session, login):
                archive.writestr(name, photo.content, zipfile.ZIP_STORED)
            for name, pdf in _invoices(session, login):
                archive.writestr(name, pdf, zipfile.ZIP_STORED)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _photos(session: Session, login: Login) -> Iterator[tuple[str, Photo]]:
    """Yield the pictures of the member's slips and of the damage that the login reported, one at a time."""
    has_photo = or_(UsageRecord.photo_before_id.is_not(None), UsageRecord.photo_after_id.is_not(None))
    slips = select(UsageRecord.id, UsageRecord.photo_before_id, UsageRecord.photo_after_id)
    wanted: list[tuple[str, int | None]] = []
    if login.member_id is not None:
        for slip_id, before, after in session.execute(slips.where(UsageRecord.member_id == login.member_id, has_photo)):
            wanted += [(f"slip-{slip_id}-before", before), (f"slip-{slip_id}-after", after)]
    reported = select(DamageReport.id, DamageReport.photo_id).where(DamageReport.reported_by == login.id)
    wanted += [(f"damage-{damage_id}", photo_id) for damage_id, photo_id in session.execute(reported)]
    for name, photo_id in wanted:
        if photo_id is not None:
            photo = session.get_one(Photo, photo_id)
            yield f"{name}.{SUFFIXES.get(photo.media_type, 'bin')}", photo
            session.expunge(photo)


def _invoices(session: Session, login: Login) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the member's invoices, one at a time."""
    statement = select(Document.id, Document.number).where(Document.member_id == (login.member_id or 0))
    for document_id, number in session.execute(statement.order_by(Document.id)).all():
        if (pdf := pdf_of(session, document_id)) is not None:
            yield f"{number}.pdf", pdf


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
