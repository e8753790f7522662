"""The administrator's desk: members, logins, the ring's settings, the event log, letters given up."""
