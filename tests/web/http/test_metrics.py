"""/metrics: figures for operators, for whoever has the token."""

from __future__ import annotations

import os

import pytest
from sqlalchemy.exc import OperationalError

from app import create_app
from app.extensions import db
from app.server import metrics
from app.server.metrics import FOLDER_VARIABLE
from app.subscriptions import SUBSCRIPTIONS
from booking.kernel.errors import Unavailable
from tests.builders import hours, reserve
from tests.conftest import MONDAY

TOKEN = {"Authorization": "Bearer a-token-for-metrics"}


@pytest.fixture
def operator(app, sample_ring, tmp_path, tmp_path_factory, monkeypatch):
    """A client of a ring that keeps figures, on the sample_ring's database."""
    folder = tmp_path_factory.getbasetemp() / "metrics"  # one for all tests: the library reads its name once
    monkeypatch.setenv(FOLDER_VARIABLE, os.environ.get(FOLDER_VARIABLE, str(folder)))
    kept = {name: app.config[name] for name in ("DATABASE_URL", "SECRET_KEY", "CLOCK")}
    measured = create_app({**kept, "TESTING": True, "METRICS_TOKEN": "a-token-for-metrics"}, tmp_path / "instance")
    with measured.app_context():
        yield measured.test_client()
        db.session.remove()
        db.engine.dispose()


def test_metrics_are_shown_under_any_host(operator):
    for host in ("10.1.2.3:8000", "evil.example", "a b"):
        assert operator.get("/metrics", headers={**TOKEN, "Host": host}).status_code == 200


def test_metrics_count_responses_and_what_is_queued(operator, session, sample_ring):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    operator.get("/healthz")

    text = operator.get("/metrics", headers=TOKEN).get_data(as_text=True)

    assert 'ringbuch_request_duration_seconds_count{endpoint="home.healthz",method="GET",status="200"}' in text
    assert 'ringbuch_mails{state="waiting"} 0' in text
    # Imported here: the library looks for its folder at import.
    from prometheus_client.parser import text_string_to_metric_families

    gauges = {family.name: family for family in text_string_to_metric_families(text) if family.type == "gauge"}
    waiting = {sample.labels["subscriber"]: sample.value for sample in gauges["ringbuch_events_waiting"].samples}
    assert set(waiting) == {subscription.subscriber for subscription in SUBSCRIPTIONS}
    assert sum(waiting.values()) > 0
    assert [sample.value for sample in gauges["ringbuch_events_dead_lettered"].samples] == [0]


def test_while_the_database_is_gone_its_troubles_are_counted_and_shown(operator, monkeypatch):
    def gone(*_arguments, **_named):
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setitem(operator.application.view_functions, "home.show", gone)
    monkeypatch.setitem(operator.application.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(metrics.QueueCollector, "_count", gone)
    statuses = [operator.get("/").status_code for _ in range(2)]

    answer = operator.get("/metrics", headers=TOKEN)

    assert (statuses, answer.status_code) == ([503, 503], 200)
    assert 'ringbuch_troubles_total{code="database_unreachable"} 2' in answer.text


def test_every_label_is_from_a_closed_set_whatever_clients_send(operator, app):
    from prometheus_client.parser import text_string_to_metric_families

    for number in range(20):
        operator.open(f"/nothing-{number}", method=f"INVENTED{number}", headers={"X-Forwarded-Host": f"h{number}"})
        operator.open("/login", method=f"INVENTED{number}")
        operator.get(f"/machines/{number}?page={number}", headers={"Host": f"h{number}.example"})
        operator.get(f"/api/v1/{number}", headers={"Accept": f"text/{number}", "Accept-Language": f"x{number}"})
    text = operator.get("/metrics", headers=TOKEN).get_data(as_text=True)

    closed = {
        "endpoint": {*app.view_functions, "unknown"},
        "method": {*metrics.METHODS, metrics.OTHER},
        "status": {*(str(int(status)) for status in metrics.STATUSES), metrics.OTHER},
        "state": {"waiting", "given_up"},
        "subscriber": {subscription.subscriber for subscription in SUBSCRIPTIONS},
        "code": {kind.code for kind in Unavailable.__subclasses__()},
        "le": {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "+Inf"},
    }
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = {(name, value) for sample in samples for name, value in sample.labels.items()}
    assert {name for name, _value in labels} <= set(closed), "a new label: declare the set of its values here"
    assert [label for label in labels if label[1] not in closed[label[0]]] == []
    assert ("method", metrics.OTHER) in labels


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer ä"}])
def test_without_the_token_there_is_no_such_page(operator, headers):
    assert operator.get("/metrics", headers=headers).status_code == 404


def test_an_answer_does_not_depend_on_its_figure(operator, monkeypatch):
    class Unwritable:
        def labels(self, *_names):
            raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setitem(metrics._metrics, metrics.DURATION, Unwritable())

    assert operator.get("/healthz").status_code == 200


def test_metrics_are_in_memory_so_that_a_full_disk_stops_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "SHARED_MEMORY", tmp_path / "memory")
    assert metrics.metrics_folder(tmp_path / "instance") == tmp_path / "instance" / "metrics", "a machine without"

    (tmp_path / "memory").mkdir()
    folder = metrics.metrics_folder(tmp_path / "instance")
    assert folder.parent == tmp_path / "memory"
    assert folder == metrics.metrics_folder(tmp_path / "instance")
    assert folder != metrics.metrics_folder(tmp_path / "another")

    folder.symlink_to(tmp_path / "somebody-else")
    assert metrics.metrics_folder(tmp_path / "instance") == tmp_path / "instance" / "metrics", "a trap"


def test_the_folder_is_made_for_the_first_value_and_removed_with_the_last(operator, monkeypatch, tmp_path):
    folder = tmp_path / "memory" / "ring"
    monkeypatch.setattr(metrics, "SHARED_MEMORY", tmp_path / "memory")
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    files = []

    class Written:
        def labels(self, *_names):
            files.append((folder / "histogram_1.db").write_text(""))  # as the library does
            return self

        def observe(self, _seconds):
            return

    monkeypatch.setitem(metrics._metrics, metrics.DURATION, Written())
    assert not folder.exists()
    operator.get("/healthz")
    assert (len(files), folder.stat().st_mode & 0o777) == (1, 0o700)

    metrics.remove_metrics()
    assert list((tmp_path / "memory").iterdir()) == []
    metrics.remove_metrics()


def test_a_ring_without_a_token_has_no_such_page(client):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
