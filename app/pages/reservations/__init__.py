"""The member's main job: ask for a machine, look after one's reservations, move, cancel, repeat."""

from flask import Blueprint

bp = Blueprint("reservations", __name__, url_prefix="/reservations")
