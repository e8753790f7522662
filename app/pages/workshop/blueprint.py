"""The blueprint of the manager's desk."""

from flask import Blueprint

bp = Blueprint("workshop", __name__, url_prefix="/workshop")
