"""The schedule: who holds which machine when."""
