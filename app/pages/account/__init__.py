"""What belongs to a login itself: name, language, contact data, password, devices, programs, deputies."""
