"""The demo ring: seeing it as each of its people. Elsewhere this desk answers that there is no such page."""

from flask import Blueprint

bp = Blueprint("demo", __name__, url_prefix="/demo")
