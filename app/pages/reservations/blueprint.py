"""The one blueprint of the desk; its pages stand in several modules."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("reservations", __name__, url_prefix="/reservations")
