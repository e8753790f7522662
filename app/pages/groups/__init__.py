"""Groups of machines: what they are, and for managers to make and change them."""

from flask import Blueprint

bp = Blueprint("groups", __name__, url_prefix="/groups")
