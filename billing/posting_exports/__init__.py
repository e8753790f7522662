"""Files of entries for other programs: what goes into one, that it was made, and that nothing goes into two unasked."""
