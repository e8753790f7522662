"""The money: what use costs and who has paid."""
