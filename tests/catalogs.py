"""Compilation of catalogues and modules before the first test: a fresh clone has none, and changes age some."""

from __future__ import annotations

import compileall
import os
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).resolve().parent.parent / "app" / "translations"


def compile_catalogs(folder: Path = TRANSLATIONS) -> None:
    """Compile each catalogue that has no .mo file or one older than its source; others are left as they are."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            _compile(source, compiled)


def compile_packages() -> None:
    """Compile the program once where it is new: else each process of the tests would do so, all at the same moment."""
    if not sys.dont_write_bytecode:
        for package in ("app", "booking", "billing", "calendars"):
            compileall.compile_dir(TRANSLATIONS.parents[1] / package, quiet=2)


def _compile(source: Path, compiled: Path) -> None:
    unfinished = compiled.with_suffix(f".{os.getpid()}")  # another run of the tests may compile at the same time
    with source.open("rb") as texts, unfinished.open("wb") as file:
        write_mo(file, read_po(texts, locale=source.parent.parent.name))
    unfinished.replace(compiled)
