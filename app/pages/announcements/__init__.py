"""Announcements: what managers and administrators tell everybody on Today."""

from flask import Blueprint

bp = Blueprint("announcements", __name__, url_prefix="/announcements")
