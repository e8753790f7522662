"""The catalogue: all machines, a page for each, and the managers' forms for their own."""

from flask import Blueprint

bp = Blueprint("machines", __name__, url_prefix="/machines")
