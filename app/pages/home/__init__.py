"""The ring's public page, and the health checks and metrics for operators."""

from flask import Blueprint

bp = Blueprint("home", __name__)
