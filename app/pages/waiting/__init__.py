"""The waiting list: who waits for which machine, joining and leaving."""

from flask import Blueprint

bp = Blueprint("waiting", __name__, url_prefix="/waiting-list")
