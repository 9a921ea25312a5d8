"""Dependencies run one way. Each rule says what a part may know; whatever is not listed, it may not."""

from __future__ import annotations

import graphlib
import json
import re
import subprocess
import sys
import tomllib
from functools import cache

import pytest

from architecture.sources import ROOT, imports, is_in, mentions, modules

OURS = ("app", "workers", "sandbox", "celeryconfig", "migrations", "tests")

# Lowest first. A part may import itself and what it lists, which may list only parts above it in this table.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "app.domain": (),
    "app.logs": (),
    "app.failpoints": (),
    "app.settings": ("app.domain",),
    "app.pipelines": ("app.domain",),
    "app.toml": ("app.domain",),
    "app.prices": ("app.domain", "app.settings", "app.toml"),
    "app.routes": ("app.domain", "app.settings", "app.toml", "app.prices"),
    "app.costs": ("app.domain", "app.settings", "app.pipelines", "app.routes"),
    "app.storage": ("app.domain", "app.settings"),
    "app.embedded": ("app.domain",),
    "celeryconfig": ("app.domain", "app.settings", "app.pipelines"),
    "app.broker": ("app.domain", "app.settings", "app.failpoints"),
    "app.traffic": ("app.domain", "app.settings"),
    "app.counts": ("app.domain", "app.traffic"),
    "app.request_rates": ("app.domain", "app.settings", "app.traffic"),
    "app.db": ("app.domain", "app.settings"),
    "app.ordered": ("app.domain", "app.pipelines", "app.db"),
    "app.accounts": ("app.domain", "app.settings", "app.db"),
    "app.quotas": ("app.domain", "app.settings", "app.db"),
    "app.budgets": (
        *("app.domain", "app.pipelines", "app.routes", "app.costs"),
        *("app.db", "app.ordered", "app.quotas"),
    ),
    "app.budget_limits": ("app.domain", "app.db", "app.ordered", "app.budgets"),
    "app.mail": ("app.domain",),
    "app.deadline": (),
    "app.alerts": ("app.domain", "app.settings", "app.db", "app.mail", "app.deadline"),
    "app.usage": ("app.domain", "app.db", "app.quotas"),
    "app.events": ("app.domain", "app.settings", "app.db"),
    "app.settlement": ("app.domain", "app.settings", "app.db", "app.quotas", "app.budgets"),
    "app.journal": ("app.domain", "app.settings", "app.db", "app.settlement"),
    "app.admission": ("app.domain", "app.settings", "app.db"),
    "app.notifications": ("app.domain", "app.db"),
    "app.records": ("app.domain", "app.db"),
    "app.scorecard": ("app.domain", "app.routes", "app.db"),
    "app.reports": (
        *("app.domain", "app.settings", "app.toml", "app.pipelines"),
        *("app.db", "app.scorecard"),
    ),
    "app.exports": ("app.domain", "app.pipelines", "app.storage", "app.db", "app.ordered", "app.records"),
    "app.runs": (
        "app.domain",
        "app.settings",
        "app.pipelines",
        "app.routes",
        "app.costs",
        "app.db",
        "app.ordered",
        "app.quotas",
        "app.budgets",
        "app.events",
        "app.journal",
    ),
    "app.schedules": ("app.domain", "app.pipelines", "app.db", "app.budgets", "app.runs"),
    "app.metrics": (
        *("app.domain", "app.settings", "app.pipelines", "app.routes"),
        *("app.traffic", "app.counts", "app.db"),
    ),
    # The two leaves: all that lies below, never each other. Only the command line starts servers.
    "app.api": ("app",),
    "app.cli": ("app",),
    "workers": ("app",),
    "sandbox": (),
}
FACES = ("app.api", "app.studio", "app.cli")
NOT_FOR_LEAVES = {
    "app.api": ("app.cli", "app.embedded"),
    "app.cli": (),
    "workers": (*FACES, "app.embedded"),
}


@cache
def part_of(module: str) -> str | None:
    """Return the part that a module belongs to: the longest name in the table that covers it."""
    return max((part for part in MAY_IMPORT if is_in(module, part)), key=len, default=None)


def test_every_module_belongs_to_a_part() -> None:
    homeless = [name for name in modules() if part_of(name) is None and name != "app"]
    assert homeless == [], "say in MAY_IMPORT what these may know"


def test_every_part_exists() -> None:
    assert [part for part in MAY_IMPORT if not any(is_in(name, part) for name in modules())] == []


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_it_may_know(part: str) -> None:
    allowed = (part, *MAY_IMPORT[part])
    broken = [
        str(one)
        for one in imports()
        if part_of(one.module) == part
        and any(is_in(one.target, ours) for ours in OURS)
        and (
            not any(is_in(one.target, name) for name in allowed)
            or any(is_in(one.target, name) for name in NOT_FOR_LEAVES.get(part, ()))
        )
    ]
    assert broken == []


def test_the_leaves_never_import_each_other() -> None:
    faces_know_workers = [one for one in imports() if is_in(one.module, "app") and is_in(one.target, "workers")]
    workers_know_faces = [
        one for one in imports() if is_in(one.module, "workers") and any(is_in(one.target, f) for f in FACES)
    ]
    assert [str(one) for one in (*faces_know_workers, *workers_know_faces)] == []


def test_nothing_of_the_product_imports_the_sandbox_and_the_sandbox_nothing_of_the_product() -> None:
    inside = [one for one in imports() if is_in(one.module, "sandbox") and not is_in(one.target, "sandbox")]
    outside = [one for one in imports() if not is_in(one.module, "sandbox") and is_in(one.target, "sandbox")]
    assert [str(one) for one in inside if any(is_in(one.target, ours) for ours in OURS)] == []
    assert [str(one) for one in outside] == []


NAMES = {
    "PIL": "pillow",
    "bidi": "python-bidi",
    "pptx": "python-pptx",
    "psycopg": "psycopg",
    "pydantic_settings": "pydantic-settings",
    "sqlalchemy": "sqlalchemy",
    "webvtt": "webvtt-py",
}
COMES_WITH = {  # the hard dependency of a direct one, and a part of its interface
    "werkzeug": "flask",
    "jinja2": "flask",
    "kombu": "celery",
    "botocore": "boto3",
    "pydantic_core": "pydantic",
    "httpcore": "httpx",
    "dotenv": "pydantic-settings",
}


def test_every_package_that_is_imported_is_a_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in project["dependencies"]}
    tops = {one.target.partition(".")[0]: one for one in imports() if not any(is_in(one.target, ours) for ours in OURS)}
    third = {top: one for top, one in tops.items() if top not in sys.stdlib_module_names}
    unknown = [
        str(one)
        for top, one in third.items()
        if COMES_WITH.get(top, NAMES.get(top, top.replace("_", "-").lower())) not in direct
    ]
    assert unknown == []


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return modules that need each other to be loaded, in order; empty when there are none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as exc:
        return list(exc.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if (
            not one.is_lazy
            and one.target in modules()
            and one.target not in (one.module, one.module.rpartition(".")[0])
        ):
            graph[one.module].add(one.target)
    assert circle_in(graph) == []


def test_a_circle_is_found_with_those_who_are_in_it() -> None:
    assert set(circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


# ---- purity

OUTSIDE_WORLD = (
    "sqlalchemy", "psycopg", "redis", "celery", "kombu", "httpx", "requests", "socket", "urllib.request", "flask", "PIL",
    "boto3", "botocore", "os", "sys", "subprocess", "threading", "tempfile", "pathlib", "logging", "time",
)  # fmt: skip
CLOCKS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "uuid.uuid4",
)


@pytest.mark.parametrize("package", ["app.domain", "app.pipelines"])
def test_the_pure_middle_knows_no_outside_world(package: str) -> None:
    broken = [
        str(one)
        for one in imports()
        if is_in(one.module, package) and any(is_in(one.target, name) for name in OUTSIDE_WORLD)
    ]
    assert broken == []


@pytest.mark.parametrize("package", ["app.domain", "app.pipelines"])
def test_the_pure_middle_reads_no_clock(package: str) -> None:
    assert [place for name in modules() if is_in(name, package) for place in mentions(name, *CLOCKS)] == []


def test_the_compositor_is_pure() -> None:
    package = "workers.images.compositor"
    allowed = (package, "app.domain")
    broken = [
        one
        for one in imports()
        if is_in(one.module, package)
        and (
            (any(is_in(one.target, ours) for ours in OURS) and not any(is_in(one.target, name) for name in allowed))
            or any(is_in(one.target, name) for name in ("os", "httpx", "sqlalchemy", "boto3", "time", "socket"))
        )
    ]
    assert [str(one) for one in broken] == []


# ---- what a process loads

NOT_IN_THE_API = (
    "workers",
    "sandbox",
    "PIL",
    "boto3",
    "botocore",
    "fontTools",
    "pptx",
    "numpy",
    "openai",
    "flower",
    "matplotlib",
)


def test_an_api_process_loads_nothing_of_the_workers() -> None:
    code = (
        "import json, sys; from app.api import create_app, create_events_app;"
        "create_app(); create_events_app(); print(json.dumps(sorted(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    loaded = json.loads(told.stdout)
    assert [name for name in loaded if any(is_in(name, unwanted) for unwanted in NOT_IN_THE_API)] == []


def test_the_api_never_builds_a_canvas() -> None:
    canvas = ("celery.canvas", "celery.chain", "celery.chord", "celery.group", "celery.signature")
    broken = [one for one in imports() if is_in(one.module, "app") and any(is_in(one.target, name) for name in canvas)]
    assert [str(one) for one in broken] == []
    used = [place for name in modules() if is_in(name, "app") for place in mentions(name, "chain", "chord", "group")]
    assert used == []
