"""Exchanges between members: offering a reservation, answering an offer, and the list of them."""

from flask import Blueprint

bp = Blueprint("exchanges", __name__)
