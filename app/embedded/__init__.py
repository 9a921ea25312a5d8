"""A private PostgreSQL and Redis, and processes that end with their owner: what lets one command start it all."""
