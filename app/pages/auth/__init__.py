"""The door: log in and out, forgotten passwords, invitations."""
