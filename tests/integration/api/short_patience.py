"""The web and events processes with little patience, for gunicorn: `short_patience:web`."""

from __future__ import annotations

from app.api import edge
from app.api.wsgi import events, web

__all__ = ["events", "web"]

edge.SILENCE_S = 1
edge.BODY_S = 3
