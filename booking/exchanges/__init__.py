"""Exchanges between members: handing a reservation over, or swapping two. Both agree; the rules judge both.

An accepted exchange ends the reservations and enters new ones for the other member, which take their places over in
the same transaction: a reservation belongs to one member for ever, and so do its slip, its feed entry and its history.
"""
