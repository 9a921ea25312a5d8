"""Texts that leave the house hold nothing that a reader cannot see."""

from __future__ import annotations

import re

# Controls, and what turns the direction of letters around: a name can be made to read as another one. A line's end and
# a tab stay, and so do isolates and marks, which Arabic and Hebrew need.
_HIDDEN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\ud800-\udfff]")


def plain(text: str) -> str:
    """Return `text` without control characters and without those that override the direction of writing."""
    return _HIDDEN.sub("", text)
