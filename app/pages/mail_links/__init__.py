"""What the links in mails lead to without a log-in: switching mails off, and giving a reservation back."""

from flask import Blueprint

bp = Blueprint("mail_links", __name__)
