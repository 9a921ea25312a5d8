"""`python -m bench`: run every benchmark, or those that are named: `python -m bench compositor`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def main() -> int:
    """Run the benchmarks one after the other; return 1 when one of them missed its aim."""
    known = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    named = sys.argv[1:] or known
    if unknown := [name for name in named if name not in known]:
        sys.stderr.write(f"there is no benchmark {unknown[0]}; there are: {', '.join(known)}\n")
        return 2
    return max([importlib.import_module(f"bench.{name}").main([]) for name in named], default=0)


if __name__ == "__main__":
    sys.exit(main())
