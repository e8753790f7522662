"""/setup: the first steps of an empty ring. Closed for good once an administrator exists."""

from flask import Blueprint

bp = Blueprint("setup", __name__, url_prefix="/setup")
