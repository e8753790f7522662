"""Files of entries of the ledger: a DATEV batch, or the journal as CSV or XLSX. Made before they are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.exports.files import csv_file, noted, workbook
from app.exports.texts import file_name
from app.wording.formats import as_zone
from app.wording.ledger import topic_label
from billing.exports import datev
from billing.exports.datev import BatchHeader
from billing.exports.ledger import journal_table
from billing.ledger.filed_accounts import DATEV
from billing.posting_exports.batch_rows import LineText, batch_rows
from billing.posting_exports.selection import ExportPreview
from billing.queries.equity import owners_of_equity
from billing.queries.ledger import LedgerLine
from billing.queries.pools import pool_names
from booking.kernel.progress import tracked
from booking.queries import machine_names, member_names
from booking.times.wall_clock import to_wall

ADVISER_LANGUAGE = "de"  # of the texts in a DATEV file, whoever makes it


def made_file(session: Session, preview: ExportPreview, file_format: str, *, now: datetime) -> tuple[str, bytes]:
    """Return the name and the bytes of a file with the entries of a preview. Raises TooManyRows."""
    if preview.kind == DATEV:
        return _batch_name(preview), b"".join(tracked(_batch(session, preview, now), preview.lines))
    days = preview.period
    table = journal_table(session, preview.entry_ids, days.last_day, name=days.name, length=preview.lines)
    name, table = file_name(table, file_format), noted(table, file_format)
    if file_format == "csv":
        return name, b"".join(tracked(csv_file(table), 0))
    with workbook(table) as file:
        return name, file.read()


def _batch(session: Session, preview: ExportPreview, now: datetime) -> Iterator[bytes]:
    assert preview.terms.adviser
    assert preview.terms.client
    days = preview.period
    header = BatchHeader(
        created_at=to_wall(now, as_zone(None)),
        adviser=preview.terms.adviser,
        client=preview.terms.client,
        fiscal_year_start=date(days.first_day.year, 1, 1),
        first_day=days.first_day,
        last_day=days.last_day,
        label=f"Ringbuch {days.name}",
        chart=preview.chart.removeprefix("skr"),
        account_length=preview.account_length,
        is_locked=preview.terms.is_locked,
    )
    with force_locale(ADVISER_LANGUAGE):
        rows = list(batch_rows(session, preview, _line_text(session)))
    return datev.batch(header, rows)


def _line_text(session: Session) -> LineText:
    """Return the function that writes the text of a line: what it is for, where, and whose it is."""
    machines, pools = machine_names(session), pool_names(session)
    members = {one.id: one.name for one in member_names(session)}
    owners = owners_of_equity(session)  # lines of equity name no member

    def text_of(line: LedgerLine) -> str:
        whose = line.member_id or owners.get(line.equity_id or 0)
        place = pools.get(line.pool_id or 0) or machines.get(line.machine_id or 0) or ""
        return " ".join(filter(None, (topic_label(line.topic), members.get(whose or 0), place)))

    return text_of


def _batch_name(preview: ExportPreview) -> str:
    """Return the name of a DATEV file; without EXTF_ at its beginning DATEV does not list it."""
    return f"EXTF_Buchungsstapel_{preview.period.name}.csv"
