"""What every process shares, and the three thin faces: HTTP API, studio pages, CLI."""
