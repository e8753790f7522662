"""Files for the treasurer's other programs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from flask import abort, current_app, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from app.extensions import db
from app.pages.costs.desk import bp, today
from app.pages.costs.forms import PeriodForm
from app.pages.costs.words import heads
from billing.errors import AllocationNotFound
from billing.exports.allocations import allocation_table
from billing.exports.books import cost_table, tariff_table
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.slips import slip_table
from billing.exports.tables import Table
from billing.exports.xlsx import write_xlsx
from booking.queries import machine_card

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE_BYTES = 64 * 1024


@bp.get("/allocations/<int:allocation_id>/file.<any(csv, xlsx):file_format>")
def download_allocation(allocation_id: int, file_format: str) -> ResponseReturnValue:
    """Every line of an allocation, in the language of the page."""
    try:
        return _file(allocation_table(db.session(), allocation_id), file_format)
    except AllocationNotFound:
        abort(404)


@bp.get("/pools/<int:pool_id>/file.<any(csv, xlsx):file_format>")
def download_costs(pool_id: int, file_format: str) -> ResponseReturnValue:
    """The bills of a pool."""
    return _file(cost_table(db.session(), pool_id), file_format)


@bp.get("/tariffs/file.<any(csv, xlsx):file_format>")
def download_tariffs(file_format: str) -> ResponseReturnValue:
    """The price list of today."""
    return _file(tariff_table(db.session(), today()), file_format)


@bp.get("/slips/file.<any(csv, xlsx):file_format>")
def download_slips(file_format: str) -> ResponseReturnValue:
    """The slips of a span of days with their prices; ?from=&until=&machine=SLUG"""
    period = PeriodForm(formdata=request.args)
    if not period.validate():
        return render_template(
            "error.html", status=422, title=_("Which days?"), sentence=_("Choose the first and the last day.")
        ), 422
    slug = request.args.get("machine")
    machine_id = machine_card(db.session(), slug).id if slug else None
    table = slip_table(db.session(), *period.period, machine_id=machine_id)
    return _file(table, file_format)


def _file(table: Table, file_format: str) -> ResponseReturnValue:
    if file_format == "xlsx":
        answer = current_app.response_class(_workbook(table), mimetype=XLSX)
    else:
        style = STYLES.get(getattr(get_locale(), "language", "en"), STYLES["en"])
        answer = current_app.response_class(stream_with_context(csv_chunks(table, heads(), style)), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{table.name}.{file_format}")
    return answer


def _workbook(table: Table) -> Iterator[bytes]:
    """The file in pieces; made on the disk before the first one, so that a refusal is still a page."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last piece is sent
    write_xlsx(table, heads(), file)
    file.seek(0)

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    return pieces()
