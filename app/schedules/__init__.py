"""Schedules: cron expressions that order runs by themselves, once for each slot."""
