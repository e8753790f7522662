"""HTML attributes of form fields: as WTForms writes them, however often they are asked for."""

from __future__ import annotations

import importlib.util

import pytest
from markupsafe import Markup
from wtforms.widgets import core

from app.forms.attributes import html_attributes


def original():
    """Return the function of WTForms, from a copy of its module: in the module itself it is replaced."""
    spec = importlib.util.spec_from_file_location("copy_of_widgets", core.__file__)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy.html_params


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"name": "a", "id": "b", "class_": "c d", "for_": "e"},
        {"data_a_b": "1", "aria_label": "x", "x_y": 2},
        {"checked": True, "readonly": False, "value": None, "size": 3},
        {"value": "\"><script>'&", "title": Markup('&amp; "quoted" <b>')},
        {"onclick": "x=1", "a<b": "c", 'd"e': "f"},
    ],
)
def test_attributes_are_those_of_wtforms(values):
    assert html_attributes(**values) == original()(**values)


def test_all_widgets_write_them_this_way():
    for widget in (core.Input, core.Button):
        assert widget.html_params is html_attributes
    assert core.html_params is html_attributes
