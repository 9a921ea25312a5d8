"""What the README and the other documents say is so: commands, paths, settings, endpoints and the price of a post."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from app import costs
from app.api import create_app
from app.cli.main import cli
from app.pipelines.catalog import all_pipelines, pipeline_named
from harness import forget_settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = sorted({
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("pressroom ")
})  # fmt: skip
AN_ID = "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b"
OURS = ("app/", "workers/", "sandbox/", "tests/", "bench/", "docs/", "migrations/")


def parsed(line: str) -> tuple[click.Command, list[str]]:
    """Return the command that a line calls, and its words behind the name."""
    command: click.Command = cli
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    return command, words


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_exists_with_its_options(line: str) -> None:
    command, words = parsed(line)
    known = {name for parameter in command.params for name in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("pressroom generate ")])
def test_a_pipeline_is_ordered_with_fields_that_it_has(line: str) -> None:
    _, words = parsed(line)
    fields = {words[n + 1].partition("=")[0] for n, word in enumerate(words) if word == "--field"}

    assert fields <= pipeline_named(words[0]).request.model_fields.keys()


def test_every_pipeline_has_its_line_and_its_command() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE))
    ordered = {line.split()[2] for line in COMMANDS if line.startswith("pressroom generate ")}

    assert told == ordered == set(all_pipelines())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = {word for word in re.findall(r"`([\w./-]+)`", text) if word.startswith(OURS)}
    linked = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}

    assert [name for name in named if not (ROOT / name).exists()] == []
    assert [link for link in linked if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_settings_that_a_document_names_are_in_the_example(path: Path) -> None:
    known = set(re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"\bPRESSROOM_[A-Z_]+\b", path.read_text(encoding="utf-8"))) <= known


def test_every_event_that_is_logged_is_in_the_operators_table() -> None:
    section = OPERATIONS.partition("### Events in the log")[2].partition("\n## ")[0]
    told = {
        name for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    paths = [path for folder in ("app", "workers") for path in (ROOT / folder).rglob("*.py")]

    assert set().union(*map(logged, paths)) - told == set()


def logged(path: Path) -> set[str]:
    """Return the events that a module logs."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {
        node.value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        for argument in call.args
        for node in ast.walk(argument)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_endpoints_that_the_readme_names_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    # Addresses that nobody listens at: nothing connects before it has something to do.
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    forget_settings()
    routes = create_app().url_map.bind("127.0.0.1")
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`]+)", README)
    assert named

    missing = [
        f"{method} {path}"
        for method, path in named
        if not routes.test(re.sub(r"\{[^}]+\}", AN_ID, path), method=method)
    ]

    forget_settings()
    assert missing == []


def test_a_post_costs_what_the_readme_says() -> None:
    post = pipeline_named("full-post")
    quote = costs.quote(post, post.request.model_validate({"topic": "Why backups fail"}))
    pictures, reviews = (
        sum(line.expected_micro_usd or 0 for line in quote.lines if line.purpose == purpose)
        for purpose in ("render_image", "review_image")
    )
    figures = [
        f"${amount / 1e6:.2f}" for amount in (quote.expected_micro_usd, pictures, reviews, quote.worst_micro_usd)
    ]

    told = re.search(
        r"expected to cost (\S+), of which (\S+) is pictures and (\S+) their\s+review,.* than (\S+);", README
    )
    assert told is not None
    assert list(told.groups()) == figures
