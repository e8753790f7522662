"""The feeds: our times for other programs."""
