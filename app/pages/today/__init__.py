"""The first page after log-in: what each role wants to know now."""

from flask import Blueprint

bp = Blueprint("today", __name__)
