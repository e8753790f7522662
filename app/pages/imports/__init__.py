"""CSV tables of members, machines and reservations: preview, then all or nothing."""

from flask import Blueprint

bp = Blueprint("imports", __name__, url_prefix="/admin/import")
