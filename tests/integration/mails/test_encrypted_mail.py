"""Mails over encrypted lines, to a real mail server with a certificate that fits, or with one that does not."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Thread

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from app.mail.models import Mail
from app.mail.transport import ServerUnreachable, transport_from_url
from tests.conftest import MONDAY
from tests.integration.mails.test_sending_mail import Mailbox, send, the_mail, write
from tests.ports import START_SECONDS, free_port

HOST = "mail.ring.example"
WITH_PASSWORD = {"smtp": "smtp://ring:s3cr3t@{host}:{port}", "smtps": "smtps://ring:s3cr3t@{host}:{port}"}


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Whoever signs certificates, trusted by this machine."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


@pytest.fixture(autouse=True)
def name_service(monkeypatch):
    """The mail server's name leads to this machine; a name, unlike a loopback address, must be proved."""
    ask = socket.getaddrinfo

    def look_up(host, *args, **facts):
        return ask("127.0.0.1" if host == HOST else host, *args, **facts)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


class Guard:
    """Lets the one password in, and notes every password it is told."""

    def __init__(self):
        self.told = []

    def __call__(self, _server, _session, _envelope, _mechanism, auth_data):
        self.told.append(auth_data.password)
        return AuthResult(success=auth_data.password == b"s3cr3t", handled=False)


@contextmanager
def mail_server(mailbox, certificate, *, scheme, guard=None):
    """A mail server that encrypts: from the start (smtps) or when asked to (STARTTLS), and takes nothing otherwise."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    encryption = {"ssl_context": tls} if scheme == "smtps" else {"tls_context": tls, "require_starttls": True}
    login = {"authenticator": guard, "auth_required": True} if guard else {}
    if guard and scheme == "smtps":
        login["auth_require_tls"] = False  # aiosmtpd counts STARTTLS alone as encryption
    server = Controller(
        mailbox, hostname="127.0.0.1", port=free_port(), ready_timeout=START_SECONDS, **encryption, **login
    )
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_arrives_over_an_encrypted_line(session, mailbox, authority, scheme):
    guard = Guard()
    write(session)

    with mail_server(mailbox, authority.issue_cert(HOST), scheme=scheme, guard=guard) as port:
        assert send(session, transport_from_url(WITH_PASSWORD[scheme].format(host=HOST, port=port))) == 1

    assert [message["Subject"] for message in mailbox.received] == ["Bestätigt: Häcksler 🚜"]
    assert guard.told == [b"s3cr3t"]
    assert the_mail(session).sent_at == MONDAY


def of_another_host(authority):
    return authority.issue_cert("mail.evil.example")


def of_a_stranger(_authority):
    return trustme.CA().issue_cert(HOST)


def of_last_year(authority):
    return authority.issue_cert(
        HOST, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)
    )


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("certificate", [of_another_host, of_a_stranger, of_last_year])
def test_a_certificate_that_does_not_fit_gets_neither_mail_nor_password(
    session, mailbox, authority, certificate, scheme
):
    guard = Guard()
    write(session)

    with (
        mail_server(mailbox, certificate(authority), scheme=scheme, guard=guard) as port,
        pytest.raises(ServerUnreachable, match="certificate verify failed"),
    ):
        send(session, transport_from_url(WITH_PASSWORD[scheme].format(host=HOST, port=port)))

    assert (mailbox.received, guard.told) == ([], [])
    mail = the_mail(session)
    assert (mail.sent_at, mail.given_up_at, mail.body) == (None, None, "Grüß Gott.\n.\nEnde\n")
    assert "certificate" in mail.last_error


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_server_of_this_machine_may_sign_for_itself(session, mailbox, scheme):
    write(session)

    with mail_server(mailbox, trustme.CA().issue_cert("some.name.example"), scheme=scheme) as port:
        assert send(session, transport_from_url(f"{scheme}://127.0.0.1:{port}")) == 1

    assert len(mailbox.received) == 1


class PlainServer:
    """A mail server that never encrypts and notes every word. offers: what it says it can do."""

    def __init__(self, offers, answer_to_starttls=b"454 TLS not available\r\n"):
        self.words, self._offers, self._refusal = b"", offers, answer_to_starttls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        line, _address = self._socket.accept()
        with suppress(ConnectionError), line, line.makefile("rb") as words:
            line.sendall(b"220 ready\r\n")
            for word in words:
                self.words += word
                line.sendall(self._answer(word))

    def _answer(self, word):
        if word.upper().startswith(b"EHLO"):
            return b"".join(b"250-" + offer + b"\r\n" for offer in self._offers) + b"250 8BITMIME\r\n"
        return self._refusal if word.upper().startswith(b"STARTTLS") else b"250 OK\r\n"

    def end(self):
        self._thread.join()
        self._socket.close()
        return self.words


@pytest.mark.parametrize("offers", [[b"AUTH PLAIN LOGIN"], [b"AUTH PLAIN LOGIN", b"STARTTLS"]], ids=["none", "refused"])
def test_a_server_without_encryption_gets_neither_password_nor_mail(session, offers):
    write(session)
    server = PlainServer(offers)

    with pytest.raises(ServerUnreachable):
        send(session, transport_from_url(WITH_PASSWORD["smtp"].format(host=HOST, port=server.port)))

    words = server.end()
    assert words.upper().startswith(b"EHLO")
    assert b"AUTH" not in words.upper()
    assert b"MAIL FROM" not in words.upper()
    assert the_mail(session).sent_at is None


def test_smtps_sends_nothing_to_a_plain_server(session, monkeypatch):
    monkeypatch.setattr("app.mail.transport.TIMEOUT_SECONDS", 2.0)
    write(session)
    server = PlainServer([b"AUTH PLAIN LOGIN"])

    with pytest.raises(ServerUnreachable):
        send(session, transport_from_url(WITH_PASSWORD["smtps"].format(host=HOST, port=server.port)))

    words = server.end()
    assert b"s3cr3t" not in words
    assert b"EHLO" not in words.upper()
    assert session.scalars(select(Mail)).one().sent_at is None
