"""Benchmarks: each module measures one thing, prints a table and ends by itself. `make bench` runs them all."""
