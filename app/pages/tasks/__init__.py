"""What the worker does for the login: a bar while it works, then the result."""

from flask import Blueprint

bp = Blueprint("tasks", __name__, url_prefix="/tasks")
