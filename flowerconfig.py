"""Flower's configuration, which it reads in the folder where it starts, or from where FLOWER_CONF says.

By itself Flower shows its metrics, with the names of tasks and workers, to whoever asks; here they need its password, too.
"""

from flower.views.monitor import Metrics
from tornado.web import authenticated

Metrics.get = authenticated(Metrics.get)
