"""The year of a member, of a machine and of all costs, in figures, words and files."""
