"""Fees: what members owe that is no use of a machine; entering, taking back, dues; one's own for a member."""

from flask import Blueprint

bp = Blueprint("fees", __name__, url_prefix="/fees")
