"""The archive of byte code: what it holds is not read again, and what it holds wrongly is not believed."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader

import pytest

from launcher.bytecode_archive import BytecodeArchive


class Program:
    """A program with a package and a module, imported anew by each call."""

    def __init__(self, folder):
        self.folder, self.main = folder, folder / "main.py"
        self.main.write_text("")
        self.write("ringed/__init__.py", "from ringed.book import pages")
        self.write("ringed/book.py", "pages = 12")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def pages(self):
        archive = BytecodeArchive(self.main)
        for name in ("ringed", "ringed.book"):
            sys.modules.pop(name, None)
        with archive.in_use():
            import ringed  # type: ignore[import-not-found]
        archive.refresh(lambda: {"twice": str(2 * ringed.pages).encode()})
        self.derived = archive.derived
        return ringed.pages

    @property
    def archive(self):
        return BytecodeArchive(self.main).path


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "ringed", None)  # restored afterwards
    monkeypatch.setitem(sys.modules, "ringed.book", None)
    return Program(tmp_path)


@pytest.fixture
def files_read(monkeypatch):
    """The names of the modules whose byte code or source is read from their own files."""
    found, read = [], SourceFileLoader.get_code

    def get_code(loader, name):
        found.append(name)
        return read(loader, name)

    monkeypatch.setattr(SourceFileLoader, "get_code", get_code)
    return found


def test_the_second_start_reads_no_file_of_a_module(program, files_read):
    assert program.pages() == 12
    assert set(files_read) == {"ringed", "ringed.book"}
    files_read.clear()
    written = program.archive.stat().st_mtime_ns

    assert program.pages() == 12

    assert files_read == []
    assert program.archive.stat().st_mtime_ns == written
    book = sys.modules["ringed.book"]
    assert book.__file__ == str(program.folder / "ringed" / "book.py")
    assert book.__spec__.loader.get_source("ringed.book") == "pages = 12"
    assert sys.modules["ringed"].__path__ == [str(program.folder / "ringed")]


def test_a_changed_source_is_read_and_the_archive_written_again(program, files_read):
    program.pages()
    program.write("ringed/book.py", "pages = 12 + 1")
    files_read.clear()

    assert program.pages() == 13
    assert set(files_read) == {"ringed", "ringed.book"}  # to write it again; the first start read one
    files_read.clear()
    assert program.pages() == 13
    assert files_read == []


def test_a_removed_module_is_not_imported(program):
    program.pages()
    (program.folder / "ringed" / "book.py").unlink()

    with pytest.raises(ModuleNotFoundError):
        program.pages()


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\x07" + b"\0" * 7 + b"nothing", None])
def test_a_damaged_archive_is_not_believed_and_written_again(program, content):
    program.pages()
    whole = program.archive.read_bytes()
    program.archive.write_bytes(whole[:-40] if content is None else content)

    assert program.pages() == 12
    assert len(program.archive.read_bytes()) == len(whole)


def test_an_archive_of_other_folders_is_not_believed(program, files_read, monkeypatch, tmp_path_factory):
    program.pages()
    files_read.clear()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path_factory.mktemp("packages"))])

    assert program.pages() == 12
    assert "ringed.book" in files_read


def test_nothing_is_written_where_python_writes_no_byte_code(program, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert program.pages() == 12
    assert not program.archive.exists()


def test_a_folder_that_cannot_be_written_to_is_no_fault(program, monkeypatch):
    monkeypatch.setattr("launcher.bytecode_archive.tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(OSError()))

    assert program.pages() == 12
    assert not program.archive.exists()


def test_what_was_derived_is_known_as_long_as_the_sources_are_the_same(program):
    program.pages()
    assert program.derived == {}
    program.pages()
    assert program.derived == {"twice": b"24"}

    program.write("ringed/book.py", "pages = 12 + 1")
    program.pages()
    assert program.derived == {}
    program.pages()
    assert program.derived == {"twice": b"26"}
