"""Authentication, sessions and permissions."""
