"""ring serve: the web server and the worker, until Ctrl-C. start.py runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import AppGroup

from app import config
from app.commands.prepare import prepare_database
from app.commands.setup_code import open_setup_code
from app.commands.work import run_worker
from app.extensions import db
from app.server import child_process, metrics, preload, warm_up
from app.server import serve as serving
from app.web import security_headers
from app.web.security_headers import LOOPBACK

PLAIN_HTTP = (
    "Warning: it is served over plain http to other machines, so passwords can be read on the way. Put a proxy with TLS"
    " in front and set RINGBUCH_BASE_URL=https://... (docs/operators.md)."
)
DEMO_LOGINS = """Demo log-ins, all with the password ringbuch-demo:
  anna@demo.example   member
  bernd@demo.example  member
  wanda@demo.example  workshop manager
  karl@demo.example   treasurer
  rita@demo.example   administrator"""


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(serve)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--no-worker", is_flag=True, help="Serve the web alone; `ring work` runs elsewhere.")
@click.option("--demo", is_flag=True, help="Load the demo ring first; loopback addresses only.")
@click.pass_context
def serve(context: click.Context, host: str, port: int, no_worker: bool, demo: bool) -> None:
    """Serve the web and run the worker beside it, until Ctrl-C."""
    if demo and host not in LOOPBACK:
        raise click.ClickException("The demo ring has known passwords: it is served on loopback addresses only.")
    try:
        context.with_resource(serving.take_port(host, port))
    except serving.PortTaken as refusal:
        raise click.ClickException(str(refusal)) from refusal
    prepare_database()
    metrics.remove_metrics()
    if demo:
        _load_demo(context)
    code = open_setup_code()
    # A connection that is open before a fork would be shared with the children.
    db.session.remove()
    db.engine.dispose()
    if host in serving.WILDCARD_ADDRESSES and not current_app.config["TRUSTED_HOSTS"]:
        _trust_own_addresses()
    _warn_of_plain_http(host, current_app.config["BASE_URL"])
    if child_process.forks():
        preload.preload(with_worker=not no_worker)
        warm_up.before_the_fork(current_app._get_current_object())  # type: ignore[attr-defined]
    base_url = current_app.config["BASE_URL"]
    config.save_base_url(Path(current_app.instance_path), base_url)
    sys.exit(
        serving.serve(
            host,
            port,
            web_processes=current_app.config["WEB_PROCESSES"],
            base_url=base_url,
            run_worker=None if no_worker else run_worker,
            announce=lambda url: _announce(url, base_url, serving.listening_url(host, port), code, demo=demo),
        )
    )


def _trust_own_addresses() -> None:
    """Trust the addresses of this machine: who serves on every address wants to be reached under them."""
    addresses = serving.own_addresses()
    security_headers.trust_hosts(current_app, addresses)
    os.environ["RINGBUCH_TRUSTED_HOSTS"] = ",".join(addresses)  # for children that load the program themselves
    trusted = ", ".join(["its own name", *addresses])
    click.echo(f"The ring answers under {trusted}; name others in RINGBUCH_TRUSTED_HOSTS.")


def _warn_of_plain_http(host: str, base_url: str) -> None:
    if host not in LOOPBACK and not base_url.startswith("https://"):
        click.echo(PLAIN_HTTP)


def _load_demo(context: click.Context) -> None:
    # Imported here, because only the demo needs it.
    from app.commands import demo as demo_command

    click.echo("Loading the demo ring (the first time takes half a minute) ...")
    context.invoke(demo_command.load)


def _announce(url: str, base_url: str, listening: str, code: str | None, *, demo: bool) -> None:
    """Print the address to open, and the other one where the ring is reached through a proxy or BASE_URL is wrong.

    url: BASE_URL, with the path to open. code: the set-up code, until the ring is set up.
    """
    is_same = serving.leads_to(base_url, listening)
    if (urlsplit(base_url).hostname or "") in LOOPBACK and not is_same:
        click.echo(f"Ringbuch is open at {listening}{url.removeprefix(base_url)} (Ctrl-C ends it).")
        click.echo(
            f"Links in e-mails and calendars lead to {base_url}: set RINGBUCH_BASE_URL to the address people open."
        )
    else:
        click.echo(f"Ringbuch is open at {url} (Ctrl-C ends it).")
        if not is_same:
            click.echo(f"It listens at {listening}.")
    if demo:
        click.echo(DEMO_LOGINS)
    elif code is not None:
        click.echo(f"Set-up code: {code} (asked at /setup in a browser on another machine or behind a proxy).")
