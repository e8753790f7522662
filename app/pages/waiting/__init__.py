"""The waiting list: who waits for which machine, joining and leaving; and the offers from it."""

from flask import Blueprint

bp = Blueprint("waiting", __name__)
