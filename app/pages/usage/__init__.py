"""Usage slips: at the machine (hand out, hand back), the list, one slip with objection and answer."""

from flask import Blueprint

bp = Blueprint("usage", __name__, url_prefix="/usage")
