"""ring check: every audit, or one of them."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.extensions import db


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(check)


@click.command("check")
@click.argument("name", required=False)
@click.option("--repair", is_flag=True, help="With texts: replace NUL characters in stored texts by U+FFFD first.")
def check(name: str | None, repair: bool) -> None:
    """Run the audit NAME, or all audits. Exit status 1 means that an audit found an error."""
    from app.storage.audits import AUDITS

    if name is not None and name not in AUDITS:
        raise click.BadParameter(f"choose from {', '.join(AUDITS)}", param_hint="NAME")
    if repair:
        _repair(name)
    wanted = [name] if name is not None else list(AUDITS)
    passed = [run(each, db.session()) for each in wanted]  # every audit runs, also after one that failed
    if not all(passed):
        raise SystemExit(1)


def _repair(name: str | None) -> None:
    from app.storage import nul_texts

    if name != "texts":
        raise click.BadParameter("only what `ring check texts` finds can be repaired", param_hint="--repair")
    changed = nul_texts.replace_all(current_app.config["SQLALCHEMY_DATABASE_URI"])
    click.echo(f"texts: NUL was replaced in {changed} texts")


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
