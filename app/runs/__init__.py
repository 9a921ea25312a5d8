"""Runs: accept, admit, claim, plan, finish, new rounds, and how they are shown. The rows are the truth."""
