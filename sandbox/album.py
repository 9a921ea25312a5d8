"""The album: remembers what was painted last, so that no two pictures of a post can be taken for one another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

APART = 14  # bits of 64: whoever looks asks for 12, and a crop or a JPEG may cost two
REMEMBERED = 128  # pictures: ten posts that are painted at the same time
VARIANTS = 6  # of one picture, at most; fewer than one picture in ten needs a second
_FILTERS = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC)  # the two ways in which dHashes are made

Hashes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Print:
    """One variant of a picture, as it hangs in the album."""

    variant: int
    hashes: Hashes


class Album:
    """The last pictures by name, at most so many. Every public method may be called from any thread."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._prints: OrderedDict[str, _Print] = OrderedDict()
        self._remembered = remembered

    def __len__(self) -> int:
        return len(self._prints)

    def paint(self, name: str, render: Callable[[int], Image.Image]) -> Image.Image:
        """Return a picture at least `APART` bits of dHash away from every other one remembered.

        `render` paints a variant, 0 being the first choice. The same calls in the same order give the same pictures.

        1. A name that is remembered gets the variant that was chosen for it.
        2. Another gets the first variant that is far enough from all others.
        3. Where none of `VARIANTS` is, it gets the farthest of them.
        """
        if (known := self._known(name)) is not None:
            return render(known)
        best: tuple[int, int, Image.Image, Hashes] | None = None
        for variant in range(VARIANTS):
            image = render(variant)  # outside the lock: others paint meanwhile
            hashes = dhashes(image)
            apart = self._hang(name, _Print(variant, hashes), APART)
            if apart >= APART:
                return self._as_hung(name, variant, image, render)
            if best is None or apart > best[0]:
                best = (apart, variant, image, hashes)
        assert best is not None, "there is at least one variant"
        _, variant, image, hashes = best
        self._hang(name, _Print(variant, hashes), 0)
        return self._as_hung(name, variant, image, render)

    def _known(self, name: str) -> int | None:
        with self._lock:
            known = self._prints.get(name)
            if known is not None:
                self._prints.move_to_end(name)
            return None if known is None else known.variant

    def _hang(self, name: str, new: _Print, least: int) -> int:
        """Return how far it is from the nearest other, and remember it if that is far enough.

        Both under one lock, so that two alike that are painted at the same moment cannot both pass.
        """
        with self._lock:
            others = (other.hashes for other_name, other in self._prints.items() if other_name != name)
            apart = min((distance(new.hashes, other) for other in others), default=64)
            if apart >= least:
                self._prints.setdefault(name, new)
                while len(self._prints) > self._remembered:
                    self._prints.popitem(last=False)
            return apart

    def _as_hung(
        self, name: str, variant: int, image: Image.Image, render: Callable[[int], Image.Image]
    ) -> Image.Image:
        """Return the picture, or the variant that another thread chose for the same name meanwhile."""
        known = self._known(name)
        return image if known in (None, variant) else render(known)


def dhashes(image: Image.Image) -> Hashes:
    """Return the 64 bits of a difference hash, once for each usual way of making it small."""
    grey = image.convert("L")
    return tuple(_dhash(grey, how) for how in _FILTERS)


def distance(one: Hashes, other: Hashes) -> int:
    """Return in how many bits two pictures differ, 0..64, by the hash that sees the least."""
    return min((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


def _dhash(grey: Image.Image, how: Image.Resampling) -> int:
    cells = np.asarray(grey.resize((9, 8), how))
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), "big")
