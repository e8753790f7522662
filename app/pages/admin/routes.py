"""/admin: the addresses of the administrator's desk. What stands behind them: members.py, logins.py, records.py."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.extensions import db
from app.pages.admin import bp, lists, logins, members, records
from app.pages.setup import steps


@bp.get("")
def index() -> ResponseReturnValue:
    """Where to go, and what needs somebody's eye."""
    return render_template(
        "admin/index.html",
        given_up=lists.mails_given_up_count(db.session()),
        figures=lists.figures(db.session()),
        is_empty_ring=steps.may_take_samples(db.session()),
    )


BOTH = ["GET", "POST"]
bp.add_url_rule("/members", view_func=members.list_members)
bp.add_url_rule("/members/file.<any(csv, xlsx):file_format>", view_func=members.download_members)
bp.add_url_rule("/members/new", view_func=members.new_member, methods=BOTH)
bp.add_url_rule("/members/<int:member_id>", view_func=members.member, methods=BOTH)
bp.add_url_rule("/logins", view_func=logins.list_logins)
bp.add_url_rule("/logins/invite", view_func=logins.invite, methods=BOTH)
bp.add_url_rule("/logins/<int:user_id>", view_func=logins.show_login)
bp.add_url_rule("/logins/<int:user_id>/roles", view_func=logins.change_roles, methods=["POST"])
bp.add_url_rule("/logins/<int:user_id>/email", view_func=logins.change_email, methods=["POST"])
bp.add_url_rule("/logins/<int:user_id>/workshops", view_func=logins.name_manager, methods=["POST"])
bp.add_url_rule(
    "/logins/<int:user_id>/workshops/<int:management_id>/withdraw",
    view_func=logins.withdraw_manager,
    methods=["POST"],
)
bp.add_url_rule("/logins/<int:user_id>/disable", view_func=logins.disable, methods=["POST"])
bp.add_url_rule("/logins/<int:user_id>/enable", view_func=logins.enable, methods=["POST"])
bp.add_url_rule("/logins/<int:user_id>/invite-again", view_func=logins.invite_again, methods=["POST"])
bp.add_url_rule("/logins/<int:user_id>/second-factor/reset", view_func=logins.reset_second_factor, methods=["POST"])
bp.add_url_rule("/settings", view_func=records.settings, methods=BOTH)
bp.add_url_rule("/events", view_func=records.list_events)
bp.add_url_rule("/events/file.<any(csv, xlsx):file_format>", view_func=records.download_events)
bp.add_url_rule("/mails", view_func=records.list_mails)
bp.add_url_rule("/mails/retry", view_func=records.retry_mails, methods=["POST"])
