"""/setup: an empty ring becomes one that can be used. Closed for ever once an administrator exists."""

from flask import Blueprint

bp = Blueprint("setup", __name__, url_prefix="/setup")
