"""Which column of a file fills which field of ours: proposed by the headers, chosen by the user, remembered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from app.imports.cell_texts import clean
from app.imports.columns import Columns
from app.imports.errors import ColumnsUnclear, FileColumn
from app.imports.sheets import Sheet
from app.wording.folding import fold

LEFT_OUT = ""
# A field that is needed -> the fields that can take its place.
IN_PLACE_OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "members": {"name": ("last_name", "company", "first_name")},
    "machines": {},
    "reservations": {
        "member": ("member_name", "member_email", "member_last_name"),
        "start": ("date",),
        "end": ("end_date", "duration", "duration_hours", "duration_min"),
    },
    "shares": {"member": ("member_name", "member_email")},
}
# Fields that the program can fill in by itself, where the user agrees.
GENERATED: Mapping[str, tuple[str, ...]] = {
    "members": ("number",),
    "machines": ("slug",),
    "reservations": (),
    "shares": (),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user has said about the columns of a file.

    columns: header -> field, "" to leave the column out. leaves_out_unknown: every column without a field is left
    out. constants: field -> its text in every row. generates: needed fields that the program fills in by itself.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    leaves_out_unknown: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    generates: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.columns or self.leaves_out_unknown or self.constants or self.generates)


NO_CHOICE = Choice()


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The field of each column of a sheet, in the order of its headers; "" for one that is left out."""

    fields: tuple[str, ...]
    constants: Mapping[str, str]
    generates: frozenset[str]

    def as_choice(self, sheet: Sheet) -> Choice:
        """Return the mapping as it is remembered: an empty column is left out only as long as it is empty."""
        pairs = enumerate(zip(sheet.headers, self.fields, strict=True))
        columns = {header: each for at, (header, each) in pairs if each or sheet.samples(at)}
        return Choice(columns, False, self.constants, self.generates)


def mapping_of(kind: str, sheet: Sheet, known: Columns, choice: Choice, remembered: Choice) -> ColumnMapping:
    """Return the mapping of a sheet: as chosen, else as remembered, else by the headers. Raises ColumnsUnclear."""
    chosen = _by_key(remembered.columns) | _by_key(choice.columns)
    fields = list(_proposed(sheet, known, chosen))
    if choice.leaves_out_unknown:
        fields = [LEFT_OUT if each is None else each for each in fields]
    _require_once(sheet, known, fields)
    constants = {**remembered.constants, **choice.constants}
    constants = {each: clean(text) for each, text in constants.items() if each in known.fields}
    generates = (remembered.generates | choice.generates) & frozenset(GENERATED[kind])
    missing = tuple(_missing(kind, known, {each for each in fields if each} | set(constants) | generates))
    unknown = [header for header, each in zip(sheet.headers, fields, strict=True) if each is None]
    if unknown or missing:
        raise ColumnsUnclear(_message(known, unknown, missing), file_columns(sheet, fields), missing)
    return ColumnMapping(tuple(each or LEFT_OUT for each in fields), constants, generates)


def _require_once(sheet: Sheet, known: Columns, fields: list[str | None]) -> None:
    """Raise ColumnsUnclear where two columns are chosen for a field that takes only one."""
    for each in dict.fromkeys(fields):
        headers = [header for header, chosen in zip(sheet.headers, fields, strict=True) if chosen == each]
        if each and len(headers) > 1 and each not in known.joined_by:
            names = ", ".join(_("“%(text)s”", text=header[:40]) for header in headers)
            message = _("Only one column can be “%(field)s”, not %(names)s.", field=known.header(each), names=names)
            raise ColumnsUnclear(message, file_columns(sheet, fields), ())


def file_columns(sheet: Sheet, fields: Collection[str | None]) -> tuple[FileColumn, ...]:
    """Return the columns of a sheet with samples, for the user to choose."""
    pairs = zip(sheet.headers, fields, strict=True)
    return tuple(FileColumn(header, sheet.samples(at), each) for at, (header, each) in enumerate(pairs))


def _by_key(columns: Mapping[str, str]) -> dict[str, str]:
    return {fold(header) or header: each for header, each in columns.items()}


def _proposed(sheet: Sheet, known: Columns, chosen: Mapping[str, str]) -> Iterator[str | None]:
    """Yield the field of each column: None for an unknown one, and for a second one of a field that takes only one."""
    taken = {each for each in chosen.values() if each}
    used: set[str] = set()
    for at, header in enumerate(sheet.headers):
        key = fold(header) or header
        if key in chosen and (not chosen[key] or chosen[key] in known.fields):
            proposal: str | None = chosen[key]
        elif not sheet.samples(at) and not known.column_of(header):
            proposal = LEFT_OUT  # nothing in it that could be lost
        else:
            proposal = known.column_of(header) or None
            if proposal in taken and proposal not in known.joined_by:
                proposal = None
        if proposal and proposal in used and key not in chosen and proposal not in known.joined_by:
            proposal = None
        used.add(proposal or "")
        yield proposal


def _missing(kind: str, known: Columns, filled: Collection[str]) -> Iterator[str]:
    for needed in known.required:
        if not {needed, *IN_PLACE_OF[kind].get(needed, ())} & set(filled):
            yield needed


def _message(known: Columns, unknown: list[str], missing: tuple[str, ...]) -> str:
    sentences = []
    if unknown:
        names = ", ".join(_("“%(text)s”", text=name[:40]) for name in unknown)
        sentences.append(
            _(
                "These columns are unknown: %(names)s. Choose what each holds, or leave them out. "
                "Known columns: %(known)s.",
                names=names,
                known=known.joined(),
            )
        )
    sentences += [_("The column “%(name)s” is missing.", name=known.header(each)) for each in missing]
    return " ".join(sentences)
