"""The manager's own desk: the workshop's hours, its closures, and who was inducted."""
