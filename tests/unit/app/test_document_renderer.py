"""The child process that makes the files of documents."""

from __future__ import annotations

import subprocess
import sys
from subprocess import PIPE

from app.documents import making


def test_a_child_whose_answer_nobody_reads_ends_silently():
    """As after Ctrl-C while a file is made: the worker has ended before the child."""
    answering = (
        "from app.documents import renderer; renderer.answers = lambda lines: ({} for _ in lines); renderer.main()"
    )
    program = making.LOADER.replace("from app.documents.renderer import main; main()", answering)
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=making.FOLDER
    )
    child.stdout.close()

    _answers, words = child.communicate("{}\n")

    assert (child.returncode, words) == (0, "")
