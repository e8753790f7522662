"""Texts and statuses of the errors of the kernel: the database, and concurrent changes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "busy",
        503,
        _l("Too busy right now"),
        _l("Too many people are saving changes at once. Nothing was stored; please try again in a moment."),
    ),
    ErrorText(
        "write_clash",
        409,
        _l("Others were changing the same"),
        _l("Others were changing the same at this moment. Nothing was stored; please try again."),
    ),
    ErrorText(
        "file_not_made",
        503,
        _l("The file could not be made"),
        _l("The file could not be made at the moment. Nothing is lost; please try again in a minute."),
    ),
    ErrorText(
        "database_unreachable",
        503,
        _l("The ring cannot be reached"),
        _l("The database does not answer. Nothing was stored; please try again in a moment."),
    ),
    ErrorText(
        "outcome_unknown",
        503,
        _l("Perhaps stored, perhaps not"),
        _l("The database did not confirm it. We do not know whether it was stored. Look, or send the same again."),
    ),
    ErrorText(
        "disk_full",
        503,
        _l("Disk full"),
        _l(
            "The disk of the server is full. Nothing was stored; you can still look things up. The "
            "operator has to free some space; please try again later."
        ),
    ),
    ErrorText(
        "database_read_only",
        503,
        _l("Read-only at the moment"),
        _l(
            "The database is read-only at the moment. Nothing was stored; you can still look things up. The "
            "operator has to make it writable again; please try again later."
        ),
    ),
    ErrorText(
        "database_corrupt",
        503,
        _l("The database is damaged"),
        _l(
            "The database is damaged. Nothing was stored. Please tell the operator: the last backup has to be restored."
        ),
    ),
    ErrorText(
        "database_forbids",
        503,
        _l("The database refuses the ring"),
        _l(
            "The database denies the ring the rights to its tables. Nothing was stored. Please tell the operator: ring "
            "doctor names the way out."
        ),
    ),
    ErrorText(
        "schema_differs",
        503,
        _l("The ring is being updated"),
        _l(
            "The program and its database are of different versions at the moment. Nothing was stored. Please try "
            "again in a minute; if this stays so, tell the operator: ring doctor names the way out."
        ),
    ),
    ErrorText(
        "database_not_unicode",
        503,
        _l("The database cannot hold every text"),
        _l(
            "The database does not store texts as UTF-8, so the ring does not use it. Nothing was stored. Please tell "
            "the operator: ring doctor names the way out."
        ),
    ),
    ErrorText(
        "stale_revision",
        409,
        _l("Changed in the meantime"),
        _l("This was changed after you opened it. Check its current state and decide again."),
        api_status=412,
    ),
)
