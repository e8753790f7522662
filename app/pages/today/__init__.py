"""The first page after log-in: what each role wants to know now."""
