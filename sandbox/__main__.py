"""The command line: `python -m sandbox --port 9000 --seed 7 --latency brief`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from sandbox.config import Config, ConfigError, parse_limits
from sandbox.server import PortTakenError, serve


def parse(arguments: Sequence[str] | None = None) -> tuple[Config, str, int]:
    """Return configuration, host and port. Raises: ConfigError."""
    defaults = Config()
    parser = argparse.ArgumentParser(prog="sandbox", description="A local stand-in for every model provider.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=9000, help="0 picks a free one and prints it")
    parser.add_argument("--seed", type=int, default=7, help="same seed and request: same reply")
    parser.add_argument("--latency", default="instant", help="instant, brief (seconds as real models) or fixed:SECONDS")
    parser.add_argument(
        "--latency-scale", type=float, default=1.0, help="factor on the latency, 0.1 is ten times faster"
    )
    parser.add_argument(
        "--limits",
        default="",
        help="[MODEL:]in_flight=5,per_second=2,per_minute=60,retry_after_s=1 ; several are separated by ';'",
    )
    parser.add_argument("--credits", type=int, default=defaults.credits_micro_usd, help="credits in micro-USD")
    parser.add_argument("--pictures", default="painted-on-demand", help="painted-on-demand, or painted-once: in turn")
    parser.add_argument(
        "--picture-count",
        type=int,
        default=defaults.picture_count,
        help="once: how many of each size and type, before the first comes again",
    )
    options = parser.parse_args(arguments)
    config = defaults.with_changes(
        {
            "seed": options.seed,
            "latency": options.latency,
            "latency_scale": options.latency_scale,
            "credits_micro_usd": options.credits,
            "pictures": options.pictures,
            "picture_count": options.picture_count,
        }
    )
    return replace(config, limits=parse_limits(options.limits)), options.host, options.port


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox; return the process's exit status."""
    try:
        config, host, port = parse(arguments)
        serve(config, host, port)
    except (ConfigError, PortTakenError) as error:
        print(f"sandbox: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
