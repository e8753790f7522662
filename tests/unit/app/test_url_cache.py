"""Remembered URLs: the same as Flask builds, by root, method and type of the values."""

from __future__ import annotations

import pytest
from flask import Flask

from app.web import url_cache
from app.web.url_cache import CachingFlask


def view(**_values):
    return ""


def made(kind):
    app = kind("tests")
    app.add_url_rule("/things/<int:number>", "thing", view, methods=["GET"])
    app.add_url_rule("/things/<int:number>/do", "thing", view, methods=["POST"])
    app.add_url_rule("/", "start", view)
    return app


QUESTIONS = [
    ("thing", {"number": 1}),
    ("thing", {"number": 1, "q": "a b", "_anchor": "top"}),
    ("thing", {"number": 1, "q": True}),
    ("thing", {"number": 1, "q": 1}),
    ("thing", {"number": 1, "_method": "POST"}),
    ("start", {"q": ["a", "b"]}),
    ("start", {"q": None}),
    ("start", {"_external": True}),
    ("start", {"_scheme": "https", "_external": True}),
    (".start", {}),
]


def test_urls_are_those_of_flask_whatever_was_asked_before():
    ours, theirs = made(CachingFlask), made(Flask)
    for _twice in range(2):
        for root in ("http://one.example", "http://two.example/below"):
            for method in ("GET", "POST"):
                with ours.test_request_context("/things/2", root, method=method):
                    found = [ours.url_for(endpoint, **values) for endpoint, values in QUESTIONS]
                with theirs.test_request_context("/things/2", root, method=method):
                    assert found == [theirs.url_for(endpoint, **values) for endpoint, values in QUESTIONS]


def test_the_number_of_urls_is_bounded(monkeypatch):
    monkeypatch.setattr(url_cache, "URLS_MAX", 10)
    app = made(CachingFlask)
    with app.test_request_context("/"):
        for number in range(25):
            assert app.url_for("thing", number=number) == f"/things/{number}"
        assert app.url_for("start", q="ü" * 2_000) == "/?q=" + "%C3%BC" * 2_000
    assert len(app._urls) <= 10
    assert max(map(len, app._urls.values())) < 300


def test_a_missing_endpoint_is_an_error_each_time():
    app = made(CachingFlask)
    with app.test_request_context("/"):
        for _twice in range(2):
            with pytest.raises(Exception, match="Could not build url"):
                app.url_for("nowhere")
