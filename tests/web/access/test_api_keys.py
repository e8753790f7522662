"""Idempotency keys: the same request with the same key has one effect and one answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from booking.models import Reservation
from tests.web.programs import rows, wish

KEY = "c0ffee-1"


def test_the_same_request_again_gives_the_first_answer(anna, session, sample_ring):
    first = anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)
    again = anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)

    assert first.status_code == again.status_code == 201
    assert again.get_data() == first.get_data()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert rows(session, Reservation) == 1


def test_another_order_of_names_and_another_offset_is_the_same_request(anna, session, sample_ring):
    content = wish(sample_ring.combine)
    anna.post("/reservations", content, Idempotency_Key=KEY)
    respelt = dict(reversed(content.items())) | {"starts_at": "2026-11-23T09:00:00+01:00"}

    assert anna.post("/reservations", respelt, Idempotency_Key=KEY).status_code == 201
    assert rows(session, Reservation) == 1


def test_other_content_with_the_same_key_is_refused(anna, session, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)

    answer = anna.post("/reservations", wish(sample_ring.combine, 5, 6), Idempotency_Key=KEY)

    assert answer.status_code == 409
    assert answer.json["code"] == "idempotency_key_reused"
    assert rows(session, Reservation) == 1


def test_a_refusal_is_an_answer_too(anna, bernd, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json
    first = bernd.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)
    anna.post(f"/reservations/{mine['id']}/cancel")

    again = bernd.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)

    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.status_code == 409
    assert bernd.post("/reservations", wish(sample_ring.combine), Idempotency_Key="new").status_code == 201


def test_what_was_not_understood_may_be_corrected_under_the_same_key(anna, sample_ring):
    assert anna.post("/reservations", {"machine_id": "x"}, Idempotency_Key=KEY).status_code == 422

    assert anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY).status_code == 201


def test_each_login_has_its_own_keys(anna, bernd, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)

    assert bernd.post("/reservations", wish(sample_ring.combine, 5, 6), Idempotency_Key=KEY).status_code == 201


def test_a_cancellation_repeated_is_not_refused(anna, sample_ring):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.combine)).json['id']}/cancel"

    assert [anna.post(path, {}, Idempotency_Key=KEY).status_code for _ in range(2)] == [200, 200]
    assert anna.post(path, {}).status_code == 409


@pytest.mark.parametrize("key", ["", "with space", "x" * 201, "ümlaut"])
def test_a_key_that_is_none_is_refused(anna, session, sample_ring, key):
    answer = anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key=key)

    assert answer.status_code == 422
    assert answer.json["violations"][0]["field"] == "Idempotency-Key"
    assert rows(session, Reservation) == 0


def test_a_key_that_is_none_is_refused_also_where_a_request_only_looks(karl):
    answer = karl.post("/exports/postings", {"what": "datev", "period": "2026"}, Idempotency_Key="a b")

    assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, "Idempotency-Key")


def test_of_two_that_arrive_at_once_one_has_the_effect_and_both_the_answer(anna, session, sample_ring):
    together = Barrier(2)

    def send(_number: int):
        together.wait()
        return anna.copy().post("/reservations", wish(sample_ring.combine), Idempotency_Key=KEY)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, range(2)))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert rows(session, Reservation) == 1
