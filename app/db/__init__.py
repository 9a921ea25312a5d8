"""The tables, and the one transaction() that commits."""
