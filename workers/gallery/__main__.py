"""`python -m workers.gallery`: draw the gallery, the documentation's previews or the golden pictures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.domain.errors import PressroomError, SetupError
from workers.gallery import cases, golden, making, page, previews, sheets

PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
EVERY = 20  # slides between two lines of progress
Tell = Callable[..., None]


def main() -> int:
    """Do what the options ask; return the exit code."""
    options = _options()
    tell: Tell = _json_line if options.json else _plain_line
    try:
        if options.golden:
            tell(written=[str(path) for path in golden.write(options.golden)])
        elif options.docs:
            tell(written=[str(path) for path in previews.write(options.docs)])
        else:
            _gallery(options, tell)
    except PressroomError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pressroom-out/gallery"), help="folder of the gallery")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures to use in place of the painted ones")
    parser.add_argument("--full", action="store_true", help="keep the slides in their whole size: about 250 KB each")
    parser.add_argument("--json", action="store_true", help="tell progress as lines of JSON")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--quick", action="store_true", help="every design in every format once: some seconds")
    amount.add_argument("--all", action="store_true", help="all combinations: some minutes")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--docs", type=Path, metavar="DIR", help="write a preview of each theme there, and no gallery")
    other.add_argument("--golden", type=Path, metavar="DIR", help="write the golden pictures there, and no gallery")
    return parser.parse_args()


def _gallery(options: argparse.Namespace, tell: Tell) -> None:
    wanted = cases.few() if options.quick else cases.every() if options.all else cases.usual()
    shown = []
    for one in making.make(wanted, options.out, _pictures(options.pictures), is_full=options.full):
        shown.append(one)
        if options.json or len(shown) % EVERY == 0:
            tell(done=len(shown), total=len(wanted))
    written = sheets.write(shown, options.out)
    index = page.write(shown, written, options.out)
    wrong = [f"{one.case.name}: {one.problem}" for one in shown if one.problem]
    tell(page=str(index), sheets=written, summary=page.summary(shown), problems=wrong)


def _pictures(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not found:
        raise SetupError(f"there is no picture in {folder}; put PNG, JPEG or WebP files there")
    return found


def _json_line(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _plain_line(**facts: Any) -> None:
    for name, value in facts.items():
        sys.stdout.write(f"{name}: " + ("\n  ".join(["", *value]) if isinstance(value, list) else str(value)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
