"""Celery's configuration: the contract between those who publish and those who work.

Why each value: docs/decisions/0005-threads.md and 0007-rows-are-the-truth.md; figures are of Celery 5.7 on Redis.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from kombu.entity import Queue

from app.pipelines.catalog import all_pipelines
from app.settings import settings

CONNECT_S = 2
ANSWER_S = 5  # a Redis that is frozen, or gone without a word: whoever publishes would wait for TCP to give up, a quarter of an hour


def celery_url(redis_url: str) -> str:
    """Return a Redis url as kombu and Celery want it: unix sockets have a scheme of their own, TLS says what it checks."""
    parts = urlsplit(redis_url)
    query = parse_qs(parts.query)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={query.get('db', ['0'])[0]}"
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in query:
        # Without a word, redis-py trusts only who has a certificate, kombu trusts anybody, and Celery does not start.
        return parts._replace(query=f"{parts.query}&ssl_cert_reqs=required".lstrip("&")).geturl()
    return redis_url


_config = settings()
broker_url = celery_url(_config.need_redis_url())

task_queues = [Queue(name) for name in ("text", "images", "media", "control")]  # type: ignore[no-untyped-call]
task_default_queue = "control"
task_create_missing_queues = False
task_routes = {
    "runs.finish": {"queue": "media"},
    "upkeep.*": {"queue": "control"},
    **{
        pipeline.task_name(stage.step): {"queue": stage.queue}
        for pipeline in all_pipelines().values()
        for track in pipeline.tracks.values()
        for stage in track
    },
}

# The outer bound, per worker, which Flower shows; the limit of each provider in Redis is the one that binds. Far above
# it on purpose: what waits for this bound is held in the worker's memory, where it takes the places of other messages.
task_annotations = {
    pipeline.task_name(stage.step): {"rate_limit": "500/s"}
    for pipeline in all_pipelines().values()
    for _, stage in pipeline.all_stages
    if stage.makes_picture
}

task_serializer = "json"
accept_content = ["json"]
result_serializer = "json"
timezone = "UTC"

# The row is claimed before work, so that a message may be delivered twice: acknowledge when the step is done.
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
task_ignore_result = True  # results live in the rows; chords of chains complete without them (measured)
result_chord_ignore = True

broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # for ever: after 100, three quarters of an hour, a worker would end for good
broker_channel_error_retry = True  # a Redis that is full, or a replica now, refuses: without this, a worker ends of it
broker_transport_options = {
    "visibility_timeout": _config.visibility_timeout_s,
    # The default sweep takes about 100 s to notice a timeout (measured); this one about 10 s.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "max_connections": 400,
    "socket_connect_timeout": CONNECT_S,
    "socket_timeout": ANSWER_S,
    "max_retries": 0,  # a publish fails at once while Redis is away: kombu would try for 6 s, and POST waits for it
    "socket_keepalive": not broker_url.startswith("redis+socket"),
    "health_check_interval": 25,
}
result_backend = broker_url
result_backend_transport_options = {
    "visibility_timeout": _config.visibility_timeout_s,
    "retry_policy": {"max_retries": 0},  # a chord, too: Celery would hold its thread for 20 s
}
visibility_timeout = _config.visibility_timeout_s
redis_socket_connect_timeout = CONNECT_S
redis_socket_timeout = ANSWER_S
result_expires = timedelta(hours=6)
result_chord_join_timeout = 5

# Flower
worker_send_task_events = True
task_send_sent_event = True
worker_hijack_root_logger = False

# Celery's own would send nothing, after a clock was set back, until it is as late again.
beat_scheduler = "workers.beat:Scheduler"
beat_max_loop_interval = 5  # seconds

beat_schedule = {
    "admit": {"task": "upkeep.admit", "schedule": 5.0, "options": {"expires": 5}},
    "relay": {"task": "upkeep.relay", "schedule": 5.0, "options": {"expires": 5}},
    "notify": {"task": "upkeep.notify", "schedule": 5.0, "options": {"expires": 5}},
    "watchdog": {"task": "upkeep.watchdog", "schedule": 60.0, "options": {"expires": 60}},
    "start_schedules": {"task": "upkeep.start_schedules", "schedule": 15.0, "options": {"expires": 15}},
    "read_feeds": {"task": "upkeep.read_feeds", "schedule": 60.0, "options": {"expires": 60}},
    "alert": {"task": "upkeep.alert", "schedule": 60.0, "options": {"expires": 60}},
    "merge_sums": {"task": "upkeep.merge_sums", "schedule": 600.0, "options": {"expires": 600}},
    "tidy": {"task": "upkeep.tidy", "schedule": timedelta(hours=1), "options": {"expires": 3600}},
}
