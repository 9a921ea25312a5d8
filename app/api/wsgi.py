"""What gunicorn serves: `app.api.wsgi:web` and `app.api.wsgi:events`."""

from __future__ import annotations

from app import logs
from app.api import create_app, create_events_app

logs.configure()
web = create_app()
events = create_events_app()
