"""The manager's queue: requests that wait for a yes or a no."""

from flask import Blueprint

bp = Blueprint("approvals", __name__, url_prefix="/approvals")
