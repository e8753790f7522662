"""Texts and statuses of the errors of exported postings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText("export_not_found", 404, _l("No such file"), _l("No file of postings has this number.")),
    ErrorText(
        "not_exportable",
        409,
        _l("Something is missing for this file"),
        _l("No file was made. What is missing is listed on the page of the file, with the way to it."),
    ),
    ErrorText(
        "nothing_to_export",
        409,
        _l("Nothing new to export"),
        _l(
            "No entry of this period is left that is not in such a file already. The files that were made can be "
            "fetched again; to write the entries into a further file, say so."
        ),
    ),
    ErrorText(
        "stale_export",
        409,
        _l("The postings have changed"),
        _l(
            "An entry, an account number or another file was added since you looked. No file was made; please look at "
            "the sums once more."
        ),
    ),
)
