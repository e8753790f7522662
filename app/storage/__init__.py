"""The database as a whole: migrations, backup, restore, copies, audits."""
