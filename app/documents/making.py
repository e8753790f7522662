"""Making the files of issued documents: the worker hands their contents to a child process and stores what comes back.

The files are made after the commit of what they show. A child that dies leaves no trace: what it had not answered is
made by the next run. A document that cannot be made, or that kills the child, is noted with the reason and put off for
an hour: it stops no other, and *Invoices* names it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from base64 import b64decode
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Timer
from typing import Any

from flask import current_app
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.documents.content import content_of
from billing.models import Document, DocumentFile, FailedFile
from billing.queries.documents import IssuedDocument, issued_documents, put_off, unmade
from booking.kernel.claims import insert_if_absent
from booking.kernel.errors import Unavailable
from booking.kernel.transaction import in_write_transaction

AT_ONCE = 250
RETRY_AFTER = timedelta(hours=1)
REASON_LENGTH_MAX = 500
DIED = "the program that makes files ended before it had answered"
DEATHS_MAX = 3  # of children in one run
FOLDER = Path(__file__).resolve().parent.parent.parent
# The child loads the renderer alone: the package above it would load the whole web. A server that ends signals to all
# that it started: the child, which ends with its input, would be taken for one that its document has killed.
LOADER = (
    "import signal, sys, types; [signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)]; "
    "package = sys.modules['app'] = types.ModuleType('app'); package.__path__ = ['app']; "
    "from app.documents.renderer import main; main()"
)
# Each thread of typst (one for each core) would take 64 MB of the child's addresses for a heap of its own.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
GRACE_SECONDS = 5
SECONDS_MAX = 60.0  # of one document; the longest statement takes two
PREVIEW_SECONDS_MAX, PREVIEW_WAIT_SECONDS, PREVIEW_AGAIN_SECONDS = 20.0, 10.0, 30  # a page waits for it

_one_preview = BoundedSemaphore(1)


class FileNotMade(Unavailable):
    """A file that a page waits for was not made in time, or not at all. facts: retry_after_seconds."""

    code = "file_not_made"


class RendererDied(Exception):
    """The child process ended before it had answered. The next run makes what is left."""


def has_unmade(session: Session) -> bool:
    """Return whether a file is to be made: of one of the newest documents, or of one that is to be tried again.

    Files are made in the order of ids, so that the newest ones tell: a look-up for each that a run makes. What could
    not be made may be much older.
    """
    instant = now()
    newest = select(func.max(Document.id)).scalar_subquery()
    is_made = exists().where(DocumentFile.document_id == Document.id)
    lacking = select(Document.id).where(Document.id > newest - AT_ONCE, ~is_made, ~put_off(instant))
    is_made_since = exists().where(DocumentFile.document_id == FailedFile.document_id)
    due = select(FailedFile.document_id).where(FailedFile.next_attempt_at <= instant, ~is_made_since)
    return any(session.scalar(found.limit(1)) is not None for found in (lacking, due))


def make_files(session: Session, *, at_most: int = AT_ONCE) -> int:
    """Make the files of the oldest documents without one, each stored by itself; return how many were made.

    Raises RendererDied when all others are made, or after DEATHS_MAX deaths.
    """
    found = unmade(session, limit=at_most, now=now())
    if not found:
        return 0
    contents = deque(content_of(one, _preceding(session, one)) for one in issued_documents(session, found))
    made, deaths = 0, list[RendererDied]()
    while contents and len(deaths) < DEATHS_MAX:
        try:
            with renderer() as ask:
                while contents:
                    content = contents.popleft()
                    made += _stored(session, content, ask(content))
        except RendererDied as death:
            deaths.append(death)
            _put_off(session, content["id"], DIED, first_wait=timedelta(0))  # it may have been killed by chance
    if deaths:
        raise deaths[0]
    return made


def _stored(session: Session, content: dict[str, Any], answer: dict[str, str]) -> int:
    """Store a file, or put the document off; return how many files were stored."""
    if "error" in answer:
        current_app.logger.error("document %s cannot be made: %s", content["number"], answer["error"])
        _put_off(session, content["id"], answer["error"])
        return 0
    in_write_transaction(session, partial(_store, session, content["id"], answer))
    return 1


def try_again(session: Session, document_id: int) -> None:
    """Have the file of a document tried at once that could not be made. Call inside write_transaction()."""
    session.execute(update(FailedFile).where(FailedFile.document_id == document_id).values(next_attempt_at=now()))


def _put_off(session: Session, document_id: int, reason: str, *, first_wait: timedelta = RETRY_AFTER) -> None:
    """Note that the file of a document could not be made, and why; it is tried again later."""

    def note() -> None:
        instant = now()
        said = {"reason": reason[:REASON_LENGTH_MAX], "failed_at": instant}
        first = {"document_id": document_id, "attempts": 1, "next_attempt_at": instant + first_wait}
        if not insert_if_absent(session, FailedFile, **said, **first):
            again = {"attempts": FailedFile.attempts + 1, "next_attempt_at": instant + RETRY_AFTER}
            row = update(FailedFile).where(FailedFile.document_id == document_id)
            session.execute(row.values(**said, **again))

    in_write_transaction(session, note)


@contextmanager
def renderer(seconds_max: float | None = None) -> Iterator[Any]:
    """Run the child process; yield the function that asks it for the files of one content.

    seconds_max: after which it is killed, for each content; SECONDS_MAX unless said.
    """
    command, variables = [sys.executable, "-c", LOADER], ENVIRONMENT | os.environ
    child = subprocess.Popen(  # noqa: S603 - this program itself
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=FOLDER, env=variables
    )
    assert child.stdin
    assert child.stdout
    stdin, stdout = child.stdin, child.stdout

    def ask(content: dict[str, Any]) -> dict[str, str]:
        try:
            with _killed_after(child, seconds_max or SECONDS_MAX):
                stdin.write(json.dumps(content) + "\n")
                stdin.flush()
                line = stdout.readline()
        except BrokenPipeError as error:
            raise RendererDied(content["number"]) from error
        if not line.endswith("\n"):
            raise RendererDied(content["number"])
        answer: dict[str, str] = json.loads(line)
        return answer

    try:
        yield ask
    finally:
        _end(child)


@contextmanager
def _killed_after(child: subprocess.Popen[str], seconds: float) -> Iterator[None]:
    """Kill the child if it does not answer in time: whoever reads from it would wait for ever."""
    timer = Timer(seconds, child.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(child: subprocess.Popen[str]) -> None:
    """End the child: it stops at the end of its input; if it does not, it is killed."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _store(session: Session, document_id: int, answer: dict[str, str]) -> None:
    """Store a file, unless another worker was first: the same document gives the same bytes."""
    pdf = b64decode(answer["pdf"])
    values = {"pdf": pdf, "xml": b64decode(answer["xml"]), "sha256": hashlib.sha256(pdf).hexdigest(), "made_at": now()}
    insert_if_absent(session, DocumentFile, document_id=document_id, **values)
    session.execute(delete(FailedFile).where(FailedFile.document_id == document_id))


def _preceding(session: Session, document: IssuedDocument) -> dict[str, str] | None:
    cancels_id = document.record.cancels_id
    if cancels_id is None:
        return None
    before = session.get_one(Document, cancels_id)
    return {"number": before.number, "issued_on": before.issued_on.isoformat()}


def preview_pdf(contents: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return the PDFs of contents that are not stored, such as a statement of today. Raises FileNotMade.

    A page waits for it: one is made at a time by each process, and who waits too long is asked to come again.
    """
    refusal = FileNotMade(retry_after_seconds=PREVIEW_AGAIN_SECONDS)
    if not _one_preview.acquire(timeout=PREVIEW_WAIT_SECONDS):
        raise refusal
    try:
        with renderer(PREVIEW_SECONDS_MAX) as ask:
            return [_pdf_of(ask(content)) for content in contents]
    except RendererDied as death:
        raise refusal from death
    finally:
        _one_preview.release()


def _pdf_of(answer: dict[str, str]) -> bytes:
    if "error" in answer:
        current_app.logger.error("a document cannot be made: %s", answer["error"])
        raise FileNotMade(retry_after_seconds=PREVIEW_AGAIN_SECONDS)
    return b64decode(answer["pdf"])
