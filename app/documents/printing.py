"""Documents put together as one PDF to print."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from typing import IO

from sqlalchemy.orm import Session

from billing.queries.documents import pdf_of
from booking.kernel.progress import tracked


def printed_together(session: Session, document_ids: Sequence[int]) -> IO[bytes]:
    """Return the pages of documents as one PDF, without the e-invoices inside; the caller reads and closes it.

    Each document begins on a page of its own. Raises ValueError for a document whose file is not made.
    """
    from pypdf import PdfReader, PdfWriter  # it takes 0.2 s to import

    writer = PdfWriter()
    for document_id in tracked(document_ids, len(document_ids)):
        content = pdf_of(session, document_id)
        if content is None:
            raise ValueError(f"document {document_id} has no file")
        for sheet in PdfReader(io.BytesIO(content)).pages:
            writer.add_page(sheet)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    writer.write(file)
    file.seek(0)
    return file
