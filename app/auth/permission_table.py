"""The permission table: endpoint and method -> how far each role reaches. What is not listed is denied.

Compared with the URL map by tests/web/test_permissions.py, which also walks every row as every role.
Columns as in ../limits: nobody, any login, member, manager of its workshop, treasurer, admin.
"""

from __future__ import annotations

from app.auth.permissions import EVERYBODY, LOGGED_IN, Access

PERMISSIONS: dict[tuple[str, str], Access] = {
    # Files and the public face
    ("static", "GET"): EVERYBODY,
    ("bootstrap.static", "GET"): EVERYBODY,
    ("home.show", "GET"): EVERYBODY,
    ("home.healthz", "GET"): EVERYBODY,
    ("home.readyz", "GET"): EVERYBODY,
    ("home.colours", "GET"): EVERYBODY,
    ("home.choose_language", "POST"): EVERYBODY,
    # The door
    ("auth.login", "GET"): EVERYBODY,
    ("auth.login", "POST"): EVERYBODY,
    ("auth.logout", "POST"): LOGGED_IN,
    ("auth.forgotten", "GET"): EVERYBODY,
    ("auth.forgotten", "POST"): EVERYBODY,
    ("auth.new_password", "GET"): EVERYBODY,
    ("auth.new_password", "POST"): EVERYBODY,
    ("auth.invitation", "GET"): EVERYBODY,
    ("auth.invitation", "POST"): EVERYBODY,
    # Calendar subscriptions
    ("feeds.subscription", "GET"): EVERYBODY,
}
