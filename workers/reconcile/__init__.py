"""Compares the journal of calls with what a provider reports, and settles the calls in doubt."""
