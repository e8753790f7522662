"""ring check: every audit, or one of them."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.extensions import db


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(check)


@click.command("check")
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Run the audit NAME, or all audits. Exit status 1 means that an audit found an error."""
    from app.storage.audits import AUDITS

    if name is not None and name not in AUDITS:
        raise click.BadParameter(f"choose from {', '.join(AUDITS)}", param_hint="NAME")
    wanted = [name] if name is not None else list(AUDITS)
    passed = [run(each, db.session()) for each in wanted]  # every audit runs, also after one that failed
    if not all(passed):
        raise SystemExit(1)


def run(name: str, session: Session) -> bool:
    """Print what an audit finds; return whether its promise holds."""
    from app.storage.audits import run_audit

    findings = run_audit(session, name)
    holds = not any(finding.is_broken for finding in findings)
    if not findings:
        click.echo(f"{name}: ok")
    for finding in findings:
        click.echo(f"{name}: {'BROKEN' if finding.is_broken else 'ok'} - {finding.text}")
    return holds
