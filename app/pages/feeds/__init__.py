"""Calendar subscriptions: the files that calendar programs fetch, and the desk where their addresses are made."""

from flask import Blueprint

bp = Blueprint("feeds", __name__, url_prefix="/feeds")
