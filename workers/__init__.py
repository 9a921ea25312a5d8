"""What only a Celery worker runs: tasks, providers, pictures, limits, upkeep."""
