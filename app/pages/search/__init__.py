"""The search across machines, members, reservations and slips."""

from flask import Blueprint

bp = Blueprint("search", __name__, url_prefix="/search")
