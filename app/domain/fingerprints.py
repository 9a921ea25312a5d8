"""Fingerprints of pictures: 64-bit difference hashes as 16 hex characters; made where pictures are decoded."""

from __future__ import annotations

SIBLING_DISTANCE = 4  # bits; 770 copies of pictures differed by 4 at most, two pictures of one post by 14 at least


def distance(one: str, other: str) -> int:
    """Return in how many of their 64 bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def same_picture(one: str, other: str) -> bool:
    """Whether two fingerprints are of what a person would call the same picture."""
    return distance(one, other) <= SIBLING_DISTANCE
