"""Endpoints of files of postings: making one after a preview, those that were made, what DATEV needs; all figures."""

from __future__ import annotations

import io
from datetime import date
from functools import partial
from typing import Annotated, Literal

from flask import Response
from pydantic import Field, StrictBool, StringConstraints

from app.api import revisions
from app.api.books.periods import PeriodName
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, WHOLE, Instant, PageLength, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.tasks import Task, accepted
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.background.deferral import is_carried_out
from app.clock import now
from app.exports.figures import FILE_NAME, SQLITE, are_long, figures_file
from app.exports.files import CSV, XLSX, attached
from app.exports.postings import made_file
from app.extensions import db
from app.web.url_converters import ID_MAX
from app.wording.formats import as_zone
from app.wording.posting_exports import CHOICES
from billing.models import PostingExport
from billing.period_names import named_period
from billing.posting_exports import selection, terms
from billing.posting_exports.batch_rows import rows_of_unknown_vat
from billing.posting_exports.recording import content_of_export, posting_export, record_export, require_exportable
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

READERS, TREASURERS = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)
Adviser = Annotated[int, Field(strict=True, ge=terms.ADVISER_MIN, le=terms.ADVISER_MAX), WHOLE]
TaxKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")]
Client = Annotated[int, Field(strict=True, ge=1, le=terms.CLIENT_MAX), WHOLE]


class ExportQuery(RequestModel):
    """A page of files. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class ExportRequest(RequestModel):
    """A file of the entries with a posting date in a period.

    again: entries that are in a file of this kind already are wanted too. preview: true returns what the file would
    hold, false makes it. digest: from a preview; the file is made only if it still equals that preview.
    """

    what: Literal["datev", "journal_csv", "journal_xlsx"]
    period: PeriodName
    again: StrictBool = False
    preview: StrictBool = True
    digest: str = Field("", pattern=r"^([0-9a-f]{64})?$")


class ExportPreview(ResponseModel):
    """What a file would hold. earlier: entries of the period that are in a file of this kind already.

    cents: the sum of the debits. problems: what keeps the file from being made: adviser, client, lengths (of account
    numbers), member_account, rows. unknown_vat: rows of a DATEV file without a tax key because the taxation of the
    ring, the rate or the VAT of such amounts is not entered; the file can be made. changed_names: what Windows-1252
    cannot write, as "name > as written".
    """

    entries: int
    lines: int
    cents: int
    earlier: int
    problems: list[str]
    unknown_vat: int
    changed_names: list[str]
    digest: str


class ExportFile(ResponseModel):
    """A file that was made. kind: datev or journal. sha256: of its bytes, also in the event log."""

    id: int
    kind: Literal["datev", "journal"]
    first_day: date
    last_day: date
    entries: int
    lines: int
    cents: int
    is_again: bool
    file_name: str
    sha256: str
    made_at: Instant


class ExportFileList(ResponseModel):
    """Files that were made, the newest first."""

    items: list[ExportFile]
    next: str | None


class DatevTermsChange(RequestModel):
    """What is left out stays as it is; null as a number: not known.

    are_written_again: the adviser moves what is on the accounts of members, or takes in all files once more; needed to
    change has_member_accounts while these hold amounts there (rule amounts_in_files).
    """

    adviser: Adviser | None = None
    client: Client | None = None
    has_member_accounts: StrictBool | None = None
    is_locked: StrictBool | None = None
    standard_key: TaxKey | None = None
    reduced_key: TaxKey | None = None
    has_advance_keys: StrictBool | None = None
    are_written_again: StrictBool = False


class DatevTerms(ResponseModel):
    """What a tax adviser states once for all DATEV files. *_key: tax keys of the rates of VAT; "" for none.

    has_advance_keys: they stand in rows on the account of the advances, too.
    """

    adviser: int | None
    client: int | None
    has_member_accounts: bool
    is_locked: bool
    standard_key: str
    reduced_key: str
    has_advance_keys: bool
    revision: int


@Endpoint("GET", "/exports/postings", access=READERS, query=ExportQuery, response=ExportFileList)
def list_posting_exports(query: ExportQuery) -> ExportFileList:
    """List the files of postings that were made."""
    found, has_more = selection.newest_exports(db.session(), limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return ExportFileList(items=[_file(one) for one in found], next=following)


@Endpoint(
    "POST",
    "/exports/postings",
    access=TREASURERS,
    body=ExportRequest,
    response=ExportFile | ExportPreview,
    extra_statuses=(201,),
    errors=(404, 409),
    idempotent=True,
    is_expensive=True,
)
def make_posting_export(body: ExportRequest) -> Reply:
    """Make a file of postings, or preview that. It is recorded; no entry goes into a second one of its kind unasked."""
    session, by, instant = db.session(), current_actor(), now()
    kind, file_format = CHOICES[body.what]
    preview = selection.preview_export(session, kind, named_period(body.period), is_again=body.again)
    if body.preview:
        return reply(_preview(preview))
    try:
        require_exportable(preview, body.digest)
    except DomainError as refusal:  # sent again, a request that made its file gets the first reply, not this one
        return run_idempotent(body, partial(_refuse, refusal))
    name, content = made_file(session, preview, file_format, now=instant)

    def make() -> Reply:
        export_id = record_export(session, preview, content, name, by=by, now=instant)
        return reply(_file(posting_export(session, export_id)), 201)

    return run_idempotent(body, make)


@Endpoint("GET", "/exports/postings/<id:export_id>", access=READERS, response=ExportFile, errors=(404,))
def get_posting_export(export_id: int) -> ExportFile:
    """Get what is recorded of a file of postings."""
    return _file(posting_export(db.session(), export_id))


@Endpoint("GET", "/exports/postings/<id:export_id>/file", access=READERS, files=(CSV, XLSX), errors=(404,))
def get_posting_export_file(export_id: int) -> Response:
    """Get a file of postings as it was made, byte for byte."""
    found = posting_export(db.session(), export_id)
    media_type = XLSX if found.file_name.endswith("xlsx") else CSV
    return attached(io.BytesIO(content_of_export(db.session(), export_id)), media_type, found.file_name)


@Endpoint("GET", "/exports/figures", access=Access(treasurer=OWN, admin=ALL), files=(SQLITE,), accepted=Task)
def export_figures() -> Response | Reply:
    """Get the figures of the whole ring as one SQLite file. A treasurer gets what billing needs to know of members.

    For more than 10,000 rows of charges and the ledger the reply is 202 and a background task with the file.
    """
    if not is_carried_out() and are_long(db.session()):
        return in_write_transaction(db.session(), accepted)
    today = local_day(now(), as_zone(None))
    return attached(figures_file(db.session(), today, has_all_of_members=permissions.reaches_all()), SQLITE, FILE_NAME)


@Endpoint("GET", "/datev-terms", access=READERS, response=DatevTerms, conditional=True)
def get_datev_terms() -> Reply:
    """Get what a tax adviser states once for all DATEV files."""
    return _terms()


@Endpoint(
    "PATCH",
    "/datev-terms",
    access=TREASURERS,
    body=DatevTermsChange,
    response=DatevTerms,
    errors=(412,),
    conditional=True,
)
def change_datev_terms(body: DatevTermsChange) -> Reply:
    """Change what a tax adviser states once for all DATEV files. Files that were made stay as they are."""
    session, by, instant = db.session(), current_actor(), now()
    stored, current = terms.datev_terms(session)
    revision = revisions.expected_of_part(current, is_whole=False)
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    kept = {"adviser": stored.adviser, "client": stored.client}
    switches = {
        name: getattr(stored, name) if sent.get(name) is None else sent[name]
        for name in ("has_member_accounts", "is_locked", "standard_key", "reduced_key", "has_advance_keys")
    }
    wanted = terms.DatevTermsInput(**(kept | {name: sent[name] for name in kept if name in sent} | switches))

    def change() -> Reply:
        terms.change_datev_terms(
            session, wanted, by=by, now=instant, revision=revision, are_written_again=body.are_written_again
        )
        return _terms()

    return in_write_transaction(session, change)


def _refuse(refusal: DomainError) -> Reply:
    raise refusal


def _terms() -> Reply:
    stored, revision = terms.datev_terms(db.session())
    facts = {name: getattr(stored, name) for name in DatevTerms.model_fields if name != "revision"}
    return reply(DatevTerms(**facts, revision=revision), 200, revisions.etag(revision))


def _preview(preview: selection.ExportPreview) -> ExportPreview:
    return ExportPreview(
        entries=len(preview.entry_ids),
        lines=preview.lines,
        cents=preview.cents,
        earlier=preview.earlier,
        problems=[problem.code for problem in preview.problems],
        unknown_vat=rows_of_unknown_vat(db.session(), preview),
        changed_names=[f"{one.name} > {one.written}" for one in preview.changed_names],
        digest=preview.digest,
    )


def _file(found: PostingExport) -> ExportFile:
    return ExportFile.model_validate(found)
