"""Points at which a drill kills this very process (tests/chaos/storm). No setting of users: off unless a drill runs.

PRESSROOM_FAILPOINTS names a folder, in which the drill lays a file named for a point. The first process that reaches the
point and takes the file away dies of SIGKILL. A file is good for one death: the process that is started anew lives.
"""

from __future__ import annotations

import os
import signal
from typing import Literal

_FOLDER = os.environ.get("PRESSROOM_FAILPOINTS")

Point = Literal[
    "after_claim",
    "after_intent",
    "after_reply",
    "after_outcome",
    "after_storage",
    "before_commit",
    "before_publish",
    "mid_chord",
]
"""In the order of a render: the piece is claimed; the call is journaled and has not left; the paid reply is here, and
nowhere else; its outcome is journaled; its bytes are stored; the step's result is not written; it is committed and what
follows is not published; a chord is published in part."""


def reach(point: Point) -> None:
    """Die here if a drill wants it."""
    if _FOLDER is None:
        return
    try:
        os.unlink(f"{_FOLDER}/{point}")  # noqa: PTH108 - of several processes that reach it, one can
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
