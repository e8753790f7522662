"""CSV tables of members, machines and reservations: preview, then all or nothing."""
