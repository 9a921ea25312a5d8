"""A pipeline is one file: the README's example is put beside the others, and everything serves it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from architecture.sources import ROOT

NAME = re.compile(r"# app/pipelines/(\w+)\.py\n")

SCRIPT = """
import json, sys
import app.pipelines
app.pipelines.__path__.append(sys.argv[1])

from app import costs
from app.api import create_app
from app.domain.brand import DEFAULT_BRAND
from app.pipelines.catalog import all_pipelines, pipeline_named
from app.pipelines.pipeline import Work
from app.runs.accept import parse
from app.schedules.wishes import ScheduleBody, check
from sandbox.calls import Ask, Kind
from sandbox.writer import write

pipeline = pipeline_named(sys.argv[2])
request = parse(pipeline, {"topic": "Why backups fail"})

class Sandboxed:
    def text(self, purpose, prompt, *, check):
        ask = Ask(model="", kind=Kind.TEXT, system=prompt.system, prompt=prompt.user)
        reply = write(ask, "0123456789abcdef" * 4)
        assert check(reply) == [], (reply, check(reply))
        return reply

steps = []
data = {}
opened_pieces = pipeline.opening(request, DEFAULT_BRAND)
for opened in opened_pieces:
    for stage in pipeline.tracks[opened.kind]:
        work = Work(request, DEFAULT_BRAND, opened.kind, opened.position, opened.data, None, Sandboxed(), None)
        data |= stage.act(work).data
        steps.append([pipeline.task_name(stage.step), stage.gives])

daily = {"name": "daily", "pipeline": pipeline.name, "cron": "0 9 * * *", "topics": ["Why backups fail"]}
scheduled = check(None, None, ScheduleBody.model_validate(daily))

from workers.celery_app import app as workers_app
import celeryconfig

print(json.dumps({
    "catalog": list(all_pipelines()),
    "openapi": create_app().test_client().get("/openapi.json").json,
    "tasks": [name for name in workers_app.tasks if name.startswith(pipeline.task_prefix + ".")],
    "routes": {name: celeryconfig.task_routes.get(name) for name, _ in steps},
    "quote": [[line.step, line.calls, line.expected_micro_usd, line.worst_micro_usd] for line in costs.quote(pipeline, request).lines],
    "steps": steps,
    "scheduled": scheduled.name,
    "texts": pipeline.texts({opened.kind: [data] for opened in opened_pieces}),
}))
"""


def example() -> tuple[str, str]:
    """Return the file name and the code of the README's example."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [block for block in blocks if NAME.match(block)]
    found = NAME.match(code)
    assert found is not None
    return found[1], code


@dataclass(frozen=True, slots=True)
class Served:
    name: str
    seen: dict[str, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("pipelines")
    module, code = example()
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    name = re.search(r'name="([a-z-]+)"', code)
    assert name is not None
    # Addresses that nobody listens at: neither the API nor a worker connects before it has something to do.
    settings = {"DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), name[1]],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return Served(name[1], json.loads(told.stdout))


def test_it_is_in_the_catalog(served: Served) -> None:
    assert served.name in served.seen["catalog"]
    assert "full-post" in served.seen["catalog"]


def test_it_is_described_to_clients(served: Served) -> None:
    paths = served.seen["openapi"]["paths"]
    described = json.dumps(paths[f"/api/generate/{served.name}"])
    assert "post" in paths[f"/api/generate/{served.name}"]
    assert served.name in described
    assert "topic" in json.dumps(served.seen["openapi"])


def test_each_of_its_steps_is_a_task_with_a_queue(served: Served) -> None:
    steps = [name for name, _ in served.seen["steps"]]
    assert steps
    looked_at_first = f"{served.name}.check_order"  # every pipeline has it whose orders can be looked at
    assert sorted(served.seen["tasks"]) == sorted([looked_at_first, *steps])
    assert all(served.seen["routes"][name]["queue"] in ("text", "images", "media") for name in steps)


def test_it_has_a_price(served: Served) -> None:
    assert all(calls >= 1 and 0 < expected <= worst for _, calls, expected, worst in served.seen["quote"])
    assert served.seen["quote"]


def test_it_can_be_scheduled_with_topics_to_draw(served: Served) -> None:
    assert served.seen["scheduled"] == served.name


def test_its_steps_bring_it_to_the_end_with_the_sandbox(served: Served) -> None:
    assert served.seen["steps"][-1][1] == "READY"
    assert all(served.seen["texts"].values())


def test_it_takes_at_most_thirty_lines() -> None:
    _, code = example()
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_the_catalog_of_this_process_is_untouched() -> None:
    from app.pipelines.catalog import all_pipelines  # noqa: PLC0415 - after the others ran

    assert all(Path(f"{ROOT}/app/pipelines/{name.replace('-', '_')}.py").is_file() for name in all_pipelines())
