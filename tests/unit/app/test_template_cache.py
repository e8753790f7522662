"""Compiled templates on disk: used while they belong to the source, and never in the way."""

from __future__ import annotations

import sys

import pytest
from jinja2 import DictLoader, Environment

from app.web.template_cache import TemplateCache


@pytest.fixture(autouse=True)
def stores_bytecode(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def rendered(folder, source: str) -> str:
    environment = Environment(
        loader=DictLoader({"page": source}), bytecode_cache=TemplateCache(str(folder)), autoescape=True
    )
    return environment.get_template("page").render()


def test_a_template_is_stored_once_and_replaced_when_its_source_changes(tmp_path):
    folder = tmp_path / "not" / "there"

    assert rendered(folder, "one") == "one"
    assert rendered(folder, "two") == "two"
    assert rendered(folder, "two") == "two"
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("length", [0, 3, 20, 60])
def test_a_file_that_was_cut_short_is_compiled_again(tmp_path, length):
    rendered(tmp_path, "text")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:length])

    assert rendered(tmp_path, "text") == "text"
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path):
    (tmp_path / "file").touch()

    assert rendered(tmp_path / "file" / "folder", "text") == "text"


def test_nothing_is_stored_where_python_may_store_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert rendered(tmp_path, "text") == "text"
    assert not list(tmp_path.iterdir())
