"""What leaves out Flask's and Werkzeug's usual steps answers with the same status, headers and body, byte for byte."""

from __future__ import annotations

import pytest
from flask import Flask, Response, session
from werkzeug.test import create_environ, run_wsgi_app

from app.web.session_cookie import CookieSessions
from app.web.whole_response import WholeResponse

ANSWERS = (
    ('{"id": 7}', 201, {"Location": "/api/v1/reservations/7", "ETag": '"0"'}),
    ('{"name": "Säge"}', 200, {}),
    ("", 204, {}),
    ("", 304, {"ETag": '"0"'}),
    ("moved", 303, {"Location": "/Säge?x=a b"}),
    ("{}", 200, {"Content-Location": "/Säge"}),
)


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize(("body", "status", "headers"), ANSWERS)
def test_an_answer_is_that_of_flask(body, status, headers, method):
    asked = create_environ(method=method)
    lean, usual = (
        run_wsgi_app(kind(body, status, headers, content_type="application/json"), asked)
        for kind in (WholeResponse, Response)
    )
    assert (b"".join(lean[0]), lean[1], list(lean[2])) == (b"".join(usual[0]), usual[1], list(usual[2]))


def test_whatever_is_changed_of_an_answer_counts():
    ended = []
    answer = WholeResponse("{}", 200)
    answer.call_on_close(lambda: ended.append(True))
    body, *_ = run_wsgi_app(answer, create_environ())
    body.close()
    assert ended

    answer.response = (part for part in (b"a", b"b"))
    assert b"".join(run_wsgi_app(answer, create_environ())[0]) == b"ab"


@pytest.fixture(params=[True, False], ids=["lean", "usual"])
def client(request):
    app = Flask(__name__)
    app.secret_key = "x" * 32
    if request.param:
        app.session_interface = CookieSessions()
    views = {
        "nothing": lambda: "",
        "look": lambda: str(session.get("a")),
        "write": lambda: session.update(a=1) or "",
        "empty": lambda: session.clear() or "",
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app.test_client()


def test_a_session_begins_lasts_and_ends_with_its_cookie(client):
    answers = [client.get(path) for path in ("/nothing", "/look", "/write", "/look", "/nothing", "/empty", "/look")]

    assert [one.text for one in answers] == ["", "None", "", "1", "", "", "None"]
    cookies = [one.headers.get("Set-Cookie", "")[:10] for one in answers]
    assert cookies == ["", "", "session=ey", "", "", "session=; ", ""]
    assert ["Cookie" in one.vary for one in answers] == [False, True, True, True, False, True, True]
