"""The administrator's desk: members, logins, the ring's settings, the event log, undelivered mails."""

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin")
