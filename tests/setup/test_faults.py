"""What can go wrong at the start: one clear sentence each, exit code 1, no traceback; the next start mends."""

from __future__ import annotations

import ast
import socket
import subprocess
from contextlib import closing

import pytest

from tests.setup.starting import ROOT, SYSTEM_PYTHON, assert_one_sentence


def test_the_file_can_be_read_by_an_old_python():
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_gets_the_required_version():
    program = f"import sys; sys.version_info = (3, 9, 2); exec(open({str(ROOT / 'start.py')!r}).read())"
    told = subprocess.run([SYSTEM_PYTHON, "-c", program], capture_output=True, text=True, check=False)

    assert told.returncode == 1
    assert_one_sentence(told.stderr, "This is Python 3.9; Ringbuch needs Python 3.11 or later")


def test_a_taken_port_is_named(start):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with start("--port", port) as ring:
            assert ring.ended() == 1
    assert_one_sentence(ring.words, f"127.0.0.1:{port} cannot be used (Address already in use)")


def test_an_instance_folder_that_cannot_be_written_is_named(prepared, tmp_path, start):
    (tmp_path / "instance").write_text("a file where the folder should be")

    with start() as ring:
        assert ring.ended() == 1
    assert_one_sentence(ring.words, f"The instance folder {tmp_path / 'instance'} cannot be written to")


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("EROFS", "Ringbuch cannot write to its folder {copy} (Read-only file system)"),
        ("EACCES", "Ringbuch cannot write to its folder {copy} (Permission denied)"),
        ("ENOSPC", "The disk of {copy} is full"),
    ],
)
def test_a_program_folder_that_cannot_be_written_is_named(small_copy, set_up, number, part):
    """Root may write everywhere, so the refusal is played."""
    refused = set_up(
        "import errno, os, pathlib\n"
        f"def refuse(*_): raise OSError(errno.{number}, os.strerror(errno.{number}))\n"
        "pathlib.Path.open = refuse\n"
    )

    assert refused.returncode == 1
    assert_one_sentence(refused.stderr + refused.stdout, part.format(copy=small_copy))
    assert not (small_copy / ".venv").exists()


def test_a_damaged_database_is_found_at_the_start(start, tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance/ring.sqlite").write_bytes(b"SQLite format 3\0" + b"\xaa" * 9000)

    with start() as ring:
        assert ring.ended() == 1
    assert_one_sentence(ring.words, "is damaged")
    assert "ring restore BACKUPFILE" in ring.words


def test_a_setting_that_cannot_be_used_is_named(start):
    with start(RINGBUCH_SECRET_KEY="weak") as ring:
        assert ring.ended() == 1
    assert_one_sentence(ring.words, "SECRET_KEY is too short")


def test_a_database_that_does_not_answer_is_named(start):
    with start(RINGBUCH_DATABASE_URL="postgresql://nobody:secret@127.0.0.1:9/ring") as ring:
        assert ring.ended() == 1
    assert_one_sentence(ring.words, "The database cannot be used")
    assert "secret" not in ring.words
