"""The byte code of all modules that the program loads, in one file: reading 1,900 files takes 0.2 s of each start.

The archive lies beside the byte code of wsgi.py and is made from the .pyc files, by a start that met a module which
it does not hold. Like them it is believed only for a source of the size and time that it names, and without it all is
imported as usual. It is read in chunks, because code that is loaded long before it is run leaves holes in memory.
"""

from __future__ import annotations

import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, spec_from_file_location
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

PROGRAM = Path(__file__).resolve().parent.parent / "wsgi.py"
CHUNK_MODULES = 32
LENGTH_BYTES = 8  # of the index, in front of it
DAMAGED = (OSError, ValueError, EOFError, TypeError)  # what marshal and mmap raise for a file that is none

Key = tuple[bytes, tuple[str, ...]]


class Entry(NamedTuple):
    """A module of the archive."""

    source: str
    modified: int  # seconds, as in a .pyc
    size: int
    is_package: bool
    chunk: int


class BytecodeArchive:
    """The archive of a program. Whoever loads the program uses it, and refreshes it when there is time."""

    def __init__(self, program: Path) -> None:
        self.path = Path(cache_from_source(str(program))).with_suffix(".archive")
        self._folders = {"", str(program.parent), os.getcwd()}  # noqa: PTH109 - as in sys.path
        self._file: mmap | None = None
        self._entries: dict[str, Entry] = {}
        self._chunks: list[tuple[int, int]] = []  # begin and end in the file
        self._codes: dict[str, CodeType] = {}
        # What was derived from the sources when the archive was written, by name; empty unless they are still the same.
        self.derived: dict[str, bytes] = {}
        self._loaded: dict[str, str] = {}  # module -> source of what was imported while it was in use
        self._is_complete = True

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Import modules from the archive within the block, where it holds them."""
        before = set(sys.modules)
        self._open()
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            self._note([module for name, module in list(sys.modules.items()) if name not in before])
            self._close()
            if not self._is_complete:
                self.derived = {}

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Return how to load a module of the archive; None leaves it to the import system."""
        entry = self._entries.get(name)
        if entry is None or not _is_fresh(entry):
            return None
        folders = [os.path.dirname(entry.source)] if entry.is_package else None  # noqa: PTH120 - one of 1,900
        loader = _ArchiveLoader(name, entry.source, self)
        return spec_from_file_location(name, entry.source, loader=loader, submodule_search_locations=folders)

    def code_of(self, name: str) -> CodeType | None:
        """Return the code of a module, once; None where it has to be read from its own file."""
        entry = self._entries.get(name)
        if entry is not None and name not in self._codes and self._file is not None:
            begin, end = self._chunks[entry.chunk]
            try:
                self._codes |= marshal.loads(self._file[begin:end])  # noqa: S302 - as a .pyc
            except DAMAGED:
                self._is_complete = False
        return self._codes.pop(name, None)

    def refresh(self, derive: Callable[[], Mapping[str, bytes]] = dict) -> None:
        """Write the archive again where it lacked a module, unless the folder cannot be written to. Takes 0.6 s.

        derive: what else follows from the sources of the modules alone, and costs to make.
        """
        if self._is_complete or sys.dont_write_bytecode:
            return
        self._is_complete = True
        self._open()
        sources = {name: entry.source for name, entry in self._entries.items()} | self._loaded
        self._close()
        self.derived = {}  # from sources that were changed since
        with suppress(OSError):
            self.path.parent.mkdir(exist_ok=True)
            _replace(self.path, _file_of(self._key(), sources, derive()))

    def _note(self, modules: Sequence[ModuleType]) -> None:
        for module in modules:
            spec: ModuleSpec | None = getattr(module, "__spec__", None)
            if spec is not None and spec.origin and isinstance(spec.loader, SourceFileLoader):
                self._loaded[spec.name] = spec.origin
                self._is_complete &= isinstance(spec.loader, _ArchiveLoader)

    def _open(self) -> None:
        with suppress(*DAMAGED), self.path.open("rb") as file:
            content = mmap(file.fileno(), 0, access=ACCESS_READ)
            start = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "little")
            key, entries, chunks, derived = marshal.loads(content[LENGTH_BYTES:start])  # noqa: S302
            if key == self._key():
                self._file = content
                self._entries = {name: Entry(*fields) for name, fields in entries.items()}
                self._chunks = [(start + begin, start + end) for begin, end in chunks]
                self.derived = derived

    def _close(self) -> None:
        self._entries, self._chunks, self._codes = {}, [], {}
        if self._file is not None:
            self._file.close()
            self._file = None

    def _key(self) -> Key:
        """Return what decides, beside the sources, which code a name stands for."""
        return MAGIC_NUMBER, tuple(folder for folder in sys.path if folder not in self._folders)


class _ArchiveLoader(SourceFileLoader):
    """Loads a module of the archive, and knows its source as that of any other."""

    def __init__(self, name: str, source: str, archive: BytecodeArchive) -> None:
        super().__init__(name, source)
        self._archive = archive

    def get_code(self, name: str) -> CodeType | None:
        return self._archive.code_of(name) or super().get_code(name)


def _is_fresh(entry: Entry) -> bool:
    try:
        state = os.stat(entry.source)  # noqa: PTH116 - one of 1,900
    except OSError:
        return False
    return (int(state.st_mtime), state.st_size) == (entry.modified, entry.size)


def _file_of(key: Key, sources: Mapping[str, str], derived: Mapping[str, bytes]) -> bytes:
    """Return the content of an archive: the length of the index, the index, the chunks."""
    names, contents, chunks, place = list(sources), list[bytes](), list[tuple[int, int]](), 0
    entries: dict[str, tuple[str | int, ...]] = {}
    for first in range(0, len(names), CHUNK_MODULES):
        codes = {}
        for name in names[first : first + CHUNK_MODULES]:
            with suppress(OSError, ImportError, SyntaxError):  # it has been removed, or is being changed
                entry = _entry(sources[name], len(contents))
                codes[name] = SourceFileLoader(name, entry.source).get_code(name)
                entries[name] = tuple(entry)
        contents.append(marshal.dumps(codes))
        chunks.append((place, place := place + len(contents[-1])))
    index = marshal.dumps((key, entries, chunks, dict(derived)))
    return b"".join((len(index).to_bytes(LENGTH_BYTES, "little"), index, *contents))


def _entry(source: str, chunk: int) -> Entry:
    state = os.stat(source)  # noqa: PTH116 - before the code is read, so that a later change is noticed
    is_package = os.path.basename(source) == "__init__.py"  # noqa: PTH119
    return Entry(source, int(state.st_mtime), state.st_size, is_package, chunk)


def _replace(path: Path, content: bytes) -> None:
    """Replace a file in one step, as readable as the program is."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(unfinished).chmod(PROGRAM.stat().st_mode & 0o666)
        Path(unfinished).replace(path)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
        raise


ARCHIVE = BytecodeArchive(PROGRAM)
