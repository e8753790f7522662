"""The manager's own desk: the workshop's hours, its closures, and who was inducted."""

from flask import Blueprint

bp = Blueprint("workshop", __name__, url_prefix="/workshop")
