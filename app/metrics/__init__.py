"""What Prometheus reads: every figure comes from rows or from Redis when it is asked for, so that any process can tell it.

No label holds what a user wrote: labels are names of pipelines, queues, providers, models and purposes, and words of
closed sets.
"""
