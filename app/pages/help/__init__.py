"""Help: how things go in three steps each, and every rule in words."""

from flask import Blueprint

bp = Blueprint("help", __name__, url_prefix="/help")
