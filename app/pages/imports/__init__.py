"""CSV tables of members and machines: preview, then all or nothing."""
