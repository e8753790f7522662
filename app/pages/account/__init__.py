"""What belongs to a login itself: name, language, contact data, password, devices, programs, deputies."""

from flask import Blueprint

bp = Blueprint("account", __name__, url_prefix="/account")
