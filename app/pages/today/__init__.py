"""The first page after log-in: what comes next for each role."""

from flask import Blueprint

bp = Blueprint("today", __name__)
