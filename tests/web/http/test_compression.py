"""Gzip: which answers are compressed, and that they hold what they would hold without."""

from __future__ import annotations

import gzip

import pytest

from app.web.compression import PADDING_MAX, minified

ACCEPTS = {"Accept-Encoding": "gzip"}


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


@pytest.mark.parametrize("address", ["/costs/tariffs", "/static/css/components.css", "/api/v1/openapi.json"])
def test_text_is_compressed_for_those_who_accept_it(rita, address):
    plain, compressed = rita.get(address, buffered=True), rita.get(address, headers=ACCEPTS)

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in compressed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert len(compressed.data) < len(plain.data) / 2
    if address != "/costs/tariffs":  # a page's tokens differ
        whole = minified(plain.data) if address.endswith(".css") else plain.data
        assert gzip.decompress(compressed.data) == whole


def test_a_file_that_is_written_as_it_is_sent_is_compressed_on_its_way(rita):
    address = "/admin/members/file.csv"
    compressed = rita.get(address, headers=ACCEPTS)

    assert gzip.decompress(compressed.data) == rita.get(address).data


def test_files_that_are_compressed_already_and_short_answers_stay_as_they_are(rita):
    for address in ("/admin/members/file.xlsx", "/healthz"):
        assert "Content-Encoding" not in rita.get(address, headers=ACCEPTS).headers


def test_a_compressed_file_is_not_sent_again_to_those_who_have_it(rita):
    tag = rita.get("/static/css/components.css", headers=ACCEPTS).headers["ETag"]

    assert tag.startswith('W/"')
    again = rita.get("/static/css/components.css", headers={**ACCEPTS, "If-None-Match": tag}, buffered=True)
    assert again.status_code == 304


def test_the_length_of_a_page_tells_little_about_what_is_in_it(rita):
    assert len({len(rita.get("/api/v1/machines", headers=ACCEPTS).data) for _ in range(12)}) > 1


def test_a_file_of_the_program_is_compressed_as_far_as_it_goes_and_once(rita):
    sent = [rita.get("/static/css/components.css", headers=ACCEPTS).data for _ in range(2)]

    assert sent[0] == sent[1]
    assert len(sent[0]) <= len(gzip.compress(gzip.decompress(sent[0]), 9)) + PADDING_MAX


@pytest.mark.parametrize("address", ["/static/missing.css", "/static/css/"])
def test_the_page_that_says_that_there_is_no_such_file_is_its_readers(rita, address):
    """A proxy that keeps files would show it, with the name and the token of who asked first, to everybody."""
    sent = [rita.get(address, headers=ACCEPTS) for _ in range(12)]

    assert {page.status_code for page in sent} == {404}
    assert {page.headers["Cache-Control"] for page in sent} == {"no-store"}
    assert all("Cookie" in page.headers["Vary"] for page in sent)
    assert len({len(page.data) for page in sent}) > 1, "padded like any page"
