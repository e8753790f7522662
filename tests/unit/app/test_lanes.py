"""Requests of one kind share a few threads; their bodies are limited in size, time and number."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from app.server import bodies, body_guard, granian_bridge, received_request
from app.server.bodies import Admission, BodyRules, Deadlines
from app.server.body_guard import Seats
from app.server.environment import environ_of
from app.server.fair_shares import FairShare, _inherited, open_shares, share_of
from app.server.granian_bridge import Bridge
from app.server.lanes import FairQueue, Full, Lane, lane_of

RULES = BodyRules(upload_bytes=8_000_000, proxies=1)


def test_a_queue_serves_clients_in_turn():
    queue = FairQueue()
    for client, name in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")):
        queue.put(client, name)

    assert [queue.get()[1] for _ in range(len(queue))] == ["a1", "b1", "c1", "a2", "a3"]


def test_a_full_lane_runs_no_more_than_its_width_and_holds_no_thread_for_the_rest():
    lane = Lane(1, waiting_max=2, wait_seconds=0.05)
    may_end, done = threading.Event(), []
    first = threading.Thread(target=lane.run, args=("a", lambda is_late: (may_end.wait(5), done.append(is_late))))
    first.start()
    time.sleep(0.02)
    lane.run("a", done.append)
    lane.run("b", done.append)
    with pytest.raises(Full):
        lane.run("c", done.append)

    assert done == [], "both wait, and this thread is free"
    time.sleep(0.06)
    may_end.set()
    first.join(5)
    assert done == [False, True, True], "whoever waited too long is told so"


@pytest.mark.parametrize(
    ("method", "path", "length", "name"),
    [
        ("GET", "/healthz", 0, "probe"),
        ("GET", "/today", 0, "read"),
        ("HEAD", "/plan", 0, "read"),
        ("POST", "/login", 100, "password"),
        ("POST", "/reservations/new", 100, "write"),
        ("POST", "/machines/new", 1_000_000, "large"),
        ("INVENTED", "/today", 0, "write"),
    ],
)
def test_each_request_has_a_lane(method, path, length, name):
    assert lane_of(method, path, length) == name


def test_a_client_is_an_address_or_the_64_of_one_as_the_nearest_proxy_names_it():
    assert RULES.client_of("10.0.0.1", "1.1.1.1, 192.0.2.7") == "192.0.2.7", "what the client invents is not trusted"
    assert RULES.client_of("192.0.2.8", "") == "192.0.2.8"
    assert RULES.client_of("::1", "2001:db8:1:2:3::4") == RULES.client_of("::1", "2001:db8:1:2:9::9")
    assert RULES.client_of("::1", "unknown") == "unknown"
    assert BodyRules(1, proxies=0).client_of("10.0.0.1", "192.0.2.7") == "10.0.0.1"


def test_limits_of_bodies():
    assert [RULES.limit_of(path) for path in ("/api/v1/usage", "/login", "/machines/new")] == [
        65_536,
        300_000,
        8_000_000,
    ]
    assert bodies.seconds_of(60_000) == 10
    assert bodies.seconds_of(8_000_000) > 200, "a photo by a slow telephone"


def test_one_client_gets_a_part_of_what_is_read_at_once():
    admission = Admission(small_max=3, small_max_of_one=2, bytes_max=1_000_000)
    assert [admission.enter("a", 10) for _ in range(3)] == [True, True, False]
    assert [admission.enter("b", 10) for _ in range(2)] == [True, False]
    admission.leave("a", 10)
    assert admission.enter("b", 10)

    assert [admission.enter("a", 200_000) for _ in range(2)] == [True, False]
    assert admission.enter("b", 5_000_000) is False, "while others send"
    admission.leave("a", 200_000)
    assert admission.enter("b", 5_000_000), "alone anything that is allowed"


class Connection:
    """A connection whose end frees the seat of its body, as the thread that reads it does."""

    def __init__(self, seats):
        self.seats, self.seat = seats, None

    def shutdown(self, _how):
        threading.Thread(target=self.seats.free, args=[self.seat]).start()


def test_a_slow_body_gives_its_thread_to_another_and_a_fast_one_does_not(monkeypatch):
    monkeypatch.setattr(bodies, "HURRY_SECONDS", 0.0)
    monkeypatch.setattr(body_guard, "SEAT_SECONDS", 0.3)
    seats, held = Seats(threads=8), []
    for client in ("a", "b", "c", "d"):
        connection = Connection(seats)
        connection.seat = seats.take(client, 60_000, connection)
        held.append(connection.seat)
    held[2].received = -1_000_000  # the slowest
    assert seats.take("honest", 100) is not None, "of four addresses that stand still, one gave way"
    assert [seat.is_shut for seat in held] == [False, False, True, False]

    for seat in held:
        seat.received = 1_000_000
    assert seats.take("another", 100) is None, "all arrive as fast as they should"
    unstoppable = Seats(threads=8)
    assert [unstoppable.take("slow", 100) is None for _number in range(3)] == [False, False, True]
    assert unstoppable.take("other", 100) is not None


def test_a_body_is_behind_by_no_more_than_it_has_and_not_before_a_packet_was_sent_again():
    assert bodies.bytes_behind(2_000, 0, 1.2) < 0, "a form whose packet was lost"
    assert bodies.bytes_behind(8_000_000, 0, 2.9) < 0
    assert bodies.bytes_behind(8_000_000, 0, 4.0) == 32 * 1024
    assert bodies.bytes_behind(2_000, 500, 9.0) == 1_500
    assert bodies.bytes_behind(2_000, 2_000, 9.0) == 0


class Future:
    """A body that never arrives."""

    is_cancelled = False

    def add_done_callback(self, callback, *, context):
        self.callback = callback

    def cancel(self):
        self.is_cancelled = True


class Protocol:
    """granian's side of a request."""

    def __init__(self):
        self.future, self.answers = Future(), []

    def __call__(self):
        return self.future

    def response_bytes(self, status, headers, body):
        self.answers.append((status, dict(headers), body))

    def response_empty(self, status, headers):
        self.answers.append((status, dict(headers), b""))

    def response_file(self, status, headers, path):
        self.answers.append((status, dict(headers), path))


class Headers(dict):
    """Names in lower case, as granian gives them."""


class Scope:
    """What granian knows of a request."""

    server, client, scheme, http_version, query_string = "127.0.0.1:80", "192.0.2.1:5", "http", "1.1", ""

    def __init__(self, method, path, **headers):
        self.method, self.path = method, path
        self.headers = Headers({name.replace("_", "-"): value for name, value in headers.items()})


class Watcher:
    def __init__(self, scope):
        self.scope, self.proto = scope, Protocol()


def bridge_of(app, share=None):
    return Bridge(app, BodyRules(8_000_000, 0), lambda *_arguments: None, share or FairShare(None, 0))


def echo(environ, start_response):
    try:
        body = environ["wsgi.input"].read()
    except (RequestTimeout, RequestEntityTooLarge) as error:
        start_response(f"{error.code} x", [])
        return [b""]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body or environ["PATH_INFO"].encode()]


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_file_whose_rows_cannot_be_read_to_the_end_is_told_and_not_sent_in_part(size, tmp_path, monkeypatch):
    """A server ends the connection while an export is made: it was a bare 500."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    closed = []

    class Rows:
        def __iter__(self):
            yield b"x" * size
            raise OperationalError("SELECT", {}, ConnectionError("terminating connection"), connection_invalidated=True)

        def close(self):
            closed.append(True)

    def export(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv")])
        return Rows()

    watcher = Watcher(Scope("GET", "/costs/charges/file.csv", accept_language="de"))
    protocol = watcher.proto
    bridge_of(export).receive(watcher)

    ((status, headers, body),) = protocol.answers
    assert (status, headers["Retry-After"], closed) == (503, "2", [True])
    assert "Die Datenbank antwortet nicht" in body.decode()


def test_a_body_that_does_not_arrive_is_given_up(monkeypatch):
    monkeypatch.setattr(granian_bridge, "seconds_of", lambda _length: 0.1)
    watcher = Watcher(Scope("POST", "/login", content_length="7"))
    bridge_of(echo).receive(watcher)
    assert watcher.proto.answers == [], "nothing runs meanwhile"

    protocol = watcher.proto
    deadline = time.monotonic() + 5
    while not protocol.answers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [(status, headers) for status, headers, _body in protocol.answers] == [(408, {"Connection": "close"})]
    assert protocol.future.is_cancelled


class Part(bytes):
    """A part of a chunked body that counts how often its length is asked for."""

    asked = 0

    def __len__(self):
        Part.asked += 1
        return super().__len__()


class Arrived(Future):
    """A part of a body that is there."""

    def __init__(self, part):
        self._part = part

    def result(self):
        return self._part


class InParts(Protocol):
    """granian's side of a request whose body comes in many parts."""

    def __init__(self, parts):
        super().__init__()
        self._parts = iter(parts)

    def __aiter__(self):
        return self

    def __anext__(self):
        self.future = Arrived(next(self._parts))
        return self.future


def test_a_body_in_many_small_parts_costs_as_much_as_it_has_parts(monkeypatch):
    monkeypatch.setattr(Part, "asked", 0)
    watcher = Watcher(Scope("POST", "/machines/x", transfer_encoding="chunked", content_type="multipart/form-data"))
    watcher.proto = protocol = InParts([*map(Part, [b"x"] * 500), b""])
    bridge_of(echo).receive(watcher)
    while not protocol.answers:
        protocol.future.callback(protocol.future)
    assert [(status, len(body)) for status, _headers, body in protocol.answers] == [(200, 500)]
    assert Part.asked <= 2 * 500


def test_large_bodies_that_stand_still_give_way_to_one_that_comes(monkeypatch):
    bridge = bridge_of(echo)
    bridge._admission = Admission(bytes_max=400_000)
    watchers = []
    for number, parts in enumerate(([b"x" * 100_000, b""], [b""], [b"x" * 100_000, b""])):
        watcher = Watcher(Scope("POST", "/machines/x", content_length=str(100_000 if number == 2 else 200_000)))
        watcher.scope.client = f"192.0.2.{number}:5"
        watcher.proto = InParts(parts)
        watchers.append(watcher)
    for watcher in watchers:
        bridge.receive(watcher)
    fast, slow, honest = (watcher.proto for watcher in watchers)
    assert [status for status, *_rest in honest.answers] == [429], "both may be honest still"

    later = time.monotonic() + 3
    monkeypatch.setattr(granian_bridge.time, "monotonic", lambda: later)
    fast.future.callback(fast.future)  # half of it is there
    honest.answers.clear()
    bridge.receive(watchers[2])
    while not honest.answers:
        honest.future.callback(honest.future)

    assert [(status, len(body)) for status, _headers, body in honest.answers] == [(200, 100_000)]
    assert [status for status, *_rest in slow.answers] == [408]
    assert fast.answers == []


def standing_still(bridge, address, length):
    """A large body that an address announced four seconds ago, and nothing of it."""
    watcher = Watcher(Scope("POST", "/machines/x", content_length=str(length)))
    watcher.scope.client = f"{address}:5"
    watcher.proto = InParts([b""])
    bridge.receive(watcher)
    for request in bridge._arriving.values():
        request.began = time.monotonic() - 4
    return watcher.proto.answers


def test_who_has_its_share_takes_no_room_from_others():
    bridge = bridge_of(echo)
    bridge._admission = Admission(bytes_max=1_200_000)  # of which one address gets 300 kB
    other = standing_still(bridge, "192.0.2.2", 200_000)
    own = standing_still(bridge, "192.0.2.1", 300_000)
    assert standing_still(bridge, "192.0.2.1", 150_000) == []
    assert ([status for status, *_rest in own], other) == ([408], []), "its own body gave way"

    for request in bridge._arriving.values():
        request.received = 0 if request.client == "192.0.2.2" else 150_000
    [(status, *_rest)] = standing_still(bridge, "192.0.2.1", 200_000)
    assert (status, other) == (429, []), "its own is fast, and the other's would be no help"


def test_nothing_gives_way_where_that_makes_too_little_room():
    bridge = bridge_of(echo)
    bridge._admission = Admission(bytes_max=800_000)
    slow = standing_still(bridge, "192.0.2.9", 100_000)
    fast = [standing_still(bridge, f"192.0.2.{number}", 200_000) for number in range(3)]
    for request in bridge._arriving.values():
        request.received = 0 if request.client == "192.0.2.9" else 150_000
    assert [status for status, *_rest in standing_still(bridge, "192.0.2.8", 201_000)] == [429]
    assert (slow, fast) == ([], [[], [], []])
    large = standing_still(bridge, "192.0.2.8", 200_000)
    assert ([status for status, *_rest in slow], large) == ([408], [])

    bridge._admission = Admission(small_max=0)
    assert [status for status, *_rest in standing_still(bridge, "192.0.2.7", 100)] == [429], "small: another count"
    assert (large, fast) == ([], [[], [], []])


def test_a_large_body_that_was_cut_off_is_not_carried_out():
    watcher = Watcher(Scope("POST", "/machines/x", content_length="100000"))
    watcher.proto = protocol = InParts([b"x" * 99_999, b""])
    bridge_of(echo).receive(watcher)
    while not protocol.answers:
        protocol.future.callback(protocol.future)
    assert [status for status, *_rest in protocol.answers] == [408]


def test_a_body_too_large_is_refused_unread():
    watcher = Watcher(Scope("POST", "/login", content_length="400000"))
    bridge_of(echo).receive(watcher)
    assert [status for status, *_rest in watcher.proto.answers] == [413]
    assert not hasattr(watcher.proto.future, "callback")


@pytest.mark.parametrize(
    ("path", "upload_mb", "size", "is_received"),
    [
        ("/machines/x/edit", 8, 9_400_000, True),
        ("/machines/x/edit", 8, 9_500_000, False),
        ("/machines/x/edit", 1, 2_000_000, True),  # a ring that takes smaller pictures than the proxy lets through
        ("/api/v1/reservations", 8, 80_000, True),
        ("/api/v1/reservations", 8, 83_000, False),
    ],
)
def test_what_is_a_little_too_large_is_received_so_that_a_proxy_reads_the_answer(path, upload_mb, size, is_received):
    scope, rules = Scope("POST", path, content_length=str(size)), BodyRules(upload_mb * 1024 * 1024, 0)
    assert received_request.Request(scope, None, rules).is_thrown_away is is_received


def test_a_large_answer_is_sent_from_a_file(tmp_path):
    def large(_environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])
        return (b"x" * 600_000 for _ in range(5))

    watcher = Watcher(Scope("GET", "/exports/all"))
    bridge_of(large).receive(watcher)
    [(status, headers, path)] = watcher.proto.answers
    assert (status, headers["Content-Length"], Path(path).stat().st_size) == (200, "3000000", 3_000_000)
    granian_bridge._unlink(path)


def test_a_large_answer_more_than_can_wait_is_refused_and_closed(monkeypatch):
    class Parts:
        is_closed = False

        def __iter__(self):
            return iter([b"x" * 2_000_000])

        def close(self):
            self.is_closed = True

    def large(_environ, start_response):
        start_response("200 OK", [])
        return parts

    parts, bridge, watcher = Parts(), bridge_of(large), Watcher(Scope("GET", "/exports/all", accept_language="de"))
    monkeypatch.setitem(bridge._lanes, "file", Lane(0, waiting_max=0, wait_seconds=1))
    bridge.receive(watcher)
    [(status, headers, body)] = watcher.proto.answers
    assert (status, headers["Retry-After"], parts.is_closed) == (503, "2", True)
    assert "Es wurde nichts gespeichert" in body.decode()


def test_a_fault_of_the_program_is_answered(caplog):
    def broken(_environ, _start_response):
        raise RuntimeError("broken")

    watcher = Watcher(Scope("GET", "/today", x_forwarded_for="1.1.1.1"))
    bridge_of(broken).receive(watcher)
    assert [status for status, *_rest in watcher.proto.answers] == [500]
    assert "could not be answered" in caplog.text


def test_headers_with_underscores_are_dropped():
    scope = Scope("GET", "/", host="ring")
    scope.headers["x_forwarded_for"] = "1.1.1.1"
    environ = environ_of(scope)
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert (environ["HTTP_HOST"], environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("ring", "192.0.2.1", "5")


def test_deadlines_are_called_once_and_only_if_not_cancelled():
    deadlines, called = Deadlines(), []
    kept = deadlines.add(0.0, lambda: called.append("over"))
    dropped = deadlines.add(0.0, lambda: called.append("never"))
    assert deadlines.cancel(dropped) is True
    time.sleep(0.7)
    assert called == ["over"]
    assert deadlines.cancel(kept) is False


def test_a_process_with_more_than_its_share_closes_connections_until_all_have_as_much():
    counts = memoryview(bytearray(8)).cast("I")
    full, empty = FairShare(counts, 0), FairShare(counts, 1)
    asked = [Watcher(Scope("GET", "/today")) for _ in range(30)]
    for _client in asked[1:]:
        full.begin()
    bridge_of(echo, full).receive(asked[0])
    assert [headers.get("Connection") for _status, headers, _body in asked[0].proto.answers] == ["close"]

    for _client in range(29):
        empty.begin()
    bridge_of(echo, full).receive(asked[1])
    assert [headers.get("Connection") for _status, headers, _body in asked[1].proto.answers] == [None]
    assert list(counts) == [29, 29]


def test_a_request_that_fails_or_is_refused_is_under_way_no_longer():
    def broken(_environ, _start_response):
        raise RuntimeError("broken")

    counts = memoryview(bytearray(8)).cast("I")
    bridge = bridge_of(broken, FairShare(counts, 1))
    bridge.receive(Watcher(Scope("GET", "/today")))
    bridge._lanes["read"] = Lane(0, waiting_max=0, wait_seconds=1)
    bridge.receive(Watcher(Scope("GET", "/today")))
    assert list(counts) == [0, 0]


def test_the_counts_are_inherited_and_begin_anew_with_a_process(monkeypatch):
    monkeypatch.setenv("_RING_SHARES", "0")
    assert share_of(1).end() is False, "another open file is left alone"
    open_shares(2)
    first = share_of(1)
    first.begin()
    share_of(2).begin()
    assert first._counts.tolist() == [1, 1]
    share_of(2)
    assert first._counts.tolist() == [1, 0], "its predecessor had a request under way"
    share_of(3).begin()
    assert first._counts.tolist() == [1, 0], "there are counts of two"
    os.close(int(os.environ["_RING_SHARES"]))
    _inherited.cache_clear()


def test_whole_bodies_reach_the_program():
    watcher = Watcher(Scope("POST", "/x", content_length="5"))
    bridge_of(echo).receive(watcher)
    future = watcher.proto.future
    future.result = lambda: b"hello"
    protocol = watcher.proto
    future.callback(future)
    assert [(status, body) for status, _headers, body in protocol.answers] == [(200, b"hello")]
