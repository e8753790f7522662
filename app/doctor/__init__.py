"""What an operator can have wrong: settings, surroundings, database and mail, looked at without a change."""
