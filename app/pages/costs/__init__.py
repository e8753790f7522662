"""The treasurer's desk: tariffs, cost pools, allocations, files; and what a member pays and why."""

from flask import Blueprint

bp = Blueprint("costs", __name__, url_prefix="/costs")
