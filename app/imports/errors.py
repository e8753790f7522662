"""Why a file cannot be read as it is: an error, or a question that the user has to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class TableError(ValueError):
    """The file cannot be read. The message is a sentence in the language of the page."""


class Question(TableError):
    """The file can be read in several ways: the user decides. The message is the question as a sentence."""


class EncodingUnclear(Question):
    """The encoding of a file is not certain. samples: encoding -> words of the file read in it, the likeliest first."""

    def __init__(self, message: str, samples: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(message)
        self.samples = samples


class SheetUnclear(Question):
    """A workbook has several sheets with rows. sheets: their names."""

    def __init__(self, message: str, sheets: tuple[str, ...]) -> None:
        super().__init__(message)
        self.sheets = sheets


class DayOrderUnclear(Question):
    """In days such as 03/04/2026 both numbers may be the month, in the whole file. sample: one of them."""

    def __init__(self, message: str, sample: str) -> None:
        super().__init__(message)
        self.sample = sample


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a file: its header, the first filled cells, and the field that it is proposed for.

    field: "" for one that is left out, None for one that is unknown.
    """

    header: str
    samples: tuple[str, ...]
    field: str | None


class ColumnsUnclear(Question):
    """Columns of a file are unknown, or needed ones are missing.

    columns: all columns of the file. missing: the needed fields that no column fills.
    """

    def __init__(self, message: str, columns: tuple[FileColumn, ...], missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.columns = columns
        self.missing = missing
