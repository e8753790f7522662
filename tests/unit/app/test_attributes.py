"""HTML attributes and options of form fields: as WTForms writes them, however often they are asked for."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest
from flask_babel.speaklater import LazyString
from markupsafe import Markup
from wtforms.widgets import core

from app.forms.attributes import html_attributes, render_option


def original():
    """Return the widgets of WTForms, from a copy of their module: in the module itself functions are replaced."""
    spec = importlib.util.spec_from_file_location("copy_of_widgets", core.__file__)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


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
    assert html_attributes(**values) == original().html_params(**values)


@pytest.mark.parametrize("value", ["a", 'a"<b>', "", 0, 1, True])
@pytest.mark.parametrize("label", ["Saw & plane", "", Markup("<b>Saw</b>"), LazyString(lambda: "Säge")])
@pytest.mark.parametrize("is_selected", [True, False])
@pytest.mark.parametrize("attributes", [{}, {"disabled": True}])
def test_options_are_those_of_wtforms(value, label, is_selected, attributes):
    choice = SimpleNamespace(value=value, label=label, selected=is_selected, render_kw=attributes)
    assert render_option(choice) == render_option(choice) == original().Select.render_option(choice)


def test_all_widgets_write_them_this_way():
    for widget in (core.Input, core.Button):
        assert widget.html_params is html_attributes
    assert core.html_params is html_attributes
    assert core.Select.render_option is core.Select._dispatch_render_option() is render_option
