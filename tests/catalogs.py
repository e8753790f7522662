"""Compilation of the message catalogues before the first test: a fresh clone has none, a change of texts ages them."""

from __future__ import annotations

import os
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


def _compile(source: Path, compiled: Path) -> None:
    unfinished = compiled.with_suffix(f".{os.getpid()}")  # another run of the tests may compile at the same time
    with source.open("rb") as texts, unfinished.open("wb") as file:
        write_mo(file, read_po(texts, locale=source.parent.parent.name))
    unfinished.replace(compiled)
