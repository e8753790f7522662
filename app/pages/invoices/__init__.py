"""Invoices: what was issued, to whom; issuing, taking back; one's own for a member."""

from flask import Blueprint

bp = Blueprint("invoices", __name__, url_prefix="/invoices")
