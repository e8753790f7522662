"""No name, subject or address of a mail adds a header, whatever the version of Python; and all are read as written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from app.mail.headers import address_in
from app.mail.message import build_message
from app.mail.outgoing import AttachedFile, OutgoingMail, Sender

TEXTS = [
    "=?utf-8?q?evil=0D=0ABcc:evil@evil.example?=",
    "=?utf-8?b?ZXZpbA0KQmNjOmV2aWxAZXZpbC5leGFtcGxl?=",
    "=?us-ascii?q?a?= =?iso-8859-1?q?=0ABcc:evil@evil.example?=",
    "Hof =?utf-8?q?=0D=0A=0D=0Abody?= Ende",
    'Anna "=?utf-8?q?=0D=0ABcc:e@evil.example?=" Müller',
    "=?utf-8?q?evil=0D=0ABcc:evil@evil.example?= Größl 🚜",
    "evil\r\nBcc: evil@evil.example",
    "evil\nBcc: evil@evil.example",
    "evil\x0bBcc:\x85evil\u2028Bcc: e@evil.example",
    'Huber, Hans <evil@evil.example>, "x',
    r"back\slash \" quote",
    "Anna (Hof) Größl; <b@evil.example>:",
    "Ö" * 200,
    "word " * 40 + "end",
    "x" * 200,
    "=?" * 60,
]
HEADERS = {"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
HEADERS |= {"Content-Type", "Content-Transfer-Encoding"}
SITE = "https://ring.example"


def built(text, address="anna@hof.example", site=""):
    instant = datetime(2026, 11, 29, tzinfo=UTC)
    mail = OutgoingMail(1, "key", address, text, text, "Text\n", None, instant, 1)
    return build_message(mail, Sender(text, "ring@ring.example", "office@ring.example", site))


def raw_headers(raw):
    """Return the header lines as bytes by name, read by hand: the email package is what is tested."""
    lines = raw.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t").split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) < 5_000 for line in lines)
    return {line.partition(b":")[0].decode("ascii"): line.partition(b":")[2].strip().decode("ascii") for line in lines}


def read(text):
    return str(make_header(decode_header(text)))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("site", ["", SITE])
def test_a_text_adds_no_header_and_is_read_as_it_was_typed(text, site):
    message = built(text, site=site)
    for raw in (message.as_bytes(), message.as_bytes(policy=message.policy.clone(utf8=True))):
        headers = raw_headers(raw)
        assert set(headers) == HEADERS - ({"Content-Transfer-Encoding"} if site else set())  # its parts have it
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
        if text.isprintable():
            assert read(headers["Subject"]) == text
        for name, address in (
            ("From", "ring@ring.example"),
            ("To", "anna@hof.example"),
            ("Reply-To", "office@ring.example"),
        ):
            assert headers[name].endswith(f"<{address}>")
            assert address_in(message, name) == address
            phrase, found = parseaddr(headers[name])
            assert found == address
            if text.isprintable():
                assert read(phrase) == text


@pytest.mark.parametrize("text", TEXTS)
def test_the_name_of_an_attachment_adds_no_header_either(text):
    instant = datetime(2026, 11, 29, tzinfo=UTC)
    mail = OutgoingMail(1, "key", "anna@hof.example", "Anna", "Subject", "Text\n", None, instant, 1)
    raw = build_message(mail, Sender("Ring", "ring@ring.example"), AttachedFile(f"{text}.pdf", b"pdf")).as_bytes()
    part = raw.split(b"Content-Type: application/pdf")[1].split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")

    assert {line.partition(b":")[0] for line in part.split(b"\r\n")[1:]} == {
        b"Content-Transfer-Encoding",
        b"Content-Disposition",
        b"MIME-Version",
    }


def test_an_address_that_looks_like_an_encoded_word_stays_one_address():
    address = "=?utf-8?q?evil=0D=0ARCPT?=@hof.example"
    message = built("Anna", address)

    assert raw_headers(message.as_bytes())["To"] == f'"Anna" <{address}>'
    assert address_in(message, "To") == address


def test_an_address_with_letters_is_written_where_the_server_takes_it():
    message = built("Anna", "größl@hof.example")

    assert "größl@hof.example".encode() in message.as_bytes(policy=message.policy.clone(utf8=True))
