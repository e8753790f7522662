"""Series: the dates of a repeated reservation, put back and cancelled together."""

from flask import Blueprint

bp = Blueprint("series", __name__, url_prefix="/series")
