"""The permission table: endpoint and method -> how far each role reaches. What is not listed is denied.

Compared with the URL map by tests/web/test_permissions.py, which also walks every row as every role.
Columns as in ../limits: nobody, any login, member, manager of its workshop, treasurer, admin.
"""

from __future__ import annotations

from app.auth.permissions import ALL, EVERYBODY, LOGGED_IN, OWN, WORKSHOP, Access

PERMISSIONS: dict[tuple[str, str], Access] = {
    # Files and the public face
    ("static", "GET"): EVERYBODY,
    ("bootstrap.static", "GET"): EVERYBODY,
    ("home.show", "GET"): EVERYBODY,
    ("home.healthz", "GET"): EVERYBODY,
    ("home.readyz", "GET"): EVERYBODY,
    ("home.colours", "GET"): EVERYBODY,
    ("home.choose_language", "POST"): EVERYBODY,
    # The set-up, closed once an administrator exists (app/pages/setup)
    ("setup.start", "GET"): EVERYBODY,
    ("setup.enter_ring", "GET"): EVERYBODY,
    ("setup.enter_ring", "POST"): EVERYBODY,
    ("setup.enter_place", "GET"): EVERYBODY,
    ("setup.enter_place", "POST"): EVERYBODY,
    ("setup.enter_administrator", "GET"): EVERYBODY,
    ("setup.enter_administrator", "POST"): EVERYBODY,
    ("setup.take_samples", "GET"): Access(admin=ALL),
    ("setup.take_samples", "POST"): Access(admin=ALL),
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
    # Machines: the public sees them where the ring wants it so (app/pages/machines checks)
    ("machines.index", "GET"): EVERYBODY,
    ("machines.show", "GET"): EVERYBODY,
    ("machines.photo", "GET"): EVERYBODY,
    ("machines.new", "GET"): Access(manager=ALL, admin=ALL),
    ("machines.new", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("machines.edit", "GET"): Access(manager=WORKSHOP, admin=ALL),
    ("machines.edit", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("machines.retire", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("machines.bring_back", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("machines.qr", "GET"): Access(manager=ALL, admin=ALL),
    ("machines.qr_image", "GET"): Access(manager=ALL, admin=ALL),
    # Usage slips: the member's own, the manager's workshop; the treasurer reads, the admin all
    ("usage.index", "GET"): Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    ("usage.show", "GET"): Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    ("usage.photo", "GET"): Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    ("usage.object_to", "POST"): Access(member=OWN),
    ("usage.answer", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("usage.at_machine", "GET"): LOGGED_IN,
    ("usage.hand_out", "GET"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("usage.hand_out", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("usage.hand_back", "GET"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("usage.hand_back", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    # The API; what stands for a page stands for the call
    ("api.list_machines", "GET"): LOGGED_IN,
    ("api.get_machine", "GET"): LOGGED_IN,
    ("api.list_free_spans", "GET"): LOGGED_IN,
    # Everybody logged in may know that a machine is taken; get_reservation's row tells who sees a reservation whole
    ("api.list_reservations", "GET"): LOGGED_IN,
    ("api.get_reservation", "GET"): Access(login=OWN, member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    ("api.create_reservation", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("api.move_reservation", "PATCH"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("api.approve_reservation", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("api.reject_reservation", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("api.cancel_reservation", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("api.hand_out_machine", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    ("api.hand_back_machine", "POST"): Access(member=OWN, manager=WORKSHOP, admin=ALL),
    # The manager's desk
    ("workshop.index", "GET"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.new", "GET"): Access(admin=ALL),
    ("workshop.new", "POST"): Access(admin=ALL),
    ("workshop.edit", "GET"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.edit", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.close", "GET"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.close", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.lift", "POST"): Access(manager=WORKSHOP, admin=ALL),
    ("workshop.list_inductions", "GET"): Access(manager=ALL, admin=ALL),
    ("workshop.give_induction", "POST"): Access(manager=ALL, admin=ALL),
    ("workshop.enter_kind", "POST"): Access(manager=ALL, admin=ALL),
    ("workshop.end_induction", "POST"): Access(manager=ALL, admin=ALL),
}
