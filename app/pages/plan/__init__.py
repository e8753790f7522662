"""The plan board: who has which machine when, and where time is free."""

from flask import Blueprint

bp = Blueprint("plan", __name__)
