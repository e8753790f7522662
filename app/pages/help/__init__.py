"""Help: how each task is done in three steps, and every rule explained."""

from flask import Blueprint

bp = Blueprint("help", __name__, url_prefix="/help")
