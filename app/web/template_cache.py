"""Compiled templates on disk, where Python stores its own bytecode: compiling would take 0.1 s of each start."""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2.bccache import Bucket, FileSystemBytecodeCache


class TemplateCache(FileSystemBytecodeCache):
    """Compiled templates in a folder; one that cannot be read or written costs time and nothing else."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load the code of a template, if it is stored and belongs to the present source."""
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, pickle.UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the code of a template, where the folder can be written to."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def init_app(app: Flask) -> None:
    """Use the cache for all templates of the application."""
    app.jinja_env.bytecode_cache = TemplateCache(str(Path(app.root_path) / "__pycache__" / "templates"))
