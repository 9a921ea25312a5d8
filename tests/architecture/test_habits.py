"""Habits that a reviewer would otherwise have to look for."""

from __future__ import annotations

import ast
import re

from architecture.sources import files, is_in, mentions, modules, nodes, text, tree

MOST_LINES = 350
READS_THE_ENVIRONMENT = {
    "app.settings": "the one place that reads settings",
    "app.failpoints": "no setting: the switch of a drill",
    "app.embedded.postgres": "hands the environment on to the server, without what would steer it",
    "app.embedded.redis": "hands the environment on to the server",
    "app.embedded.supervisor": "hands the environment on to the processes",
    "app.embedded.children": "hands the environment on to the guardian",
    "app.cli": "hands options and addresses on to the processes that it starts, as the settings of those names",
}


def test_no_file_is_long() -> None:
    lines = {str(file): text(file).count("\n") for file in files()}
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}


def test_nothing_is_left_for_later() -> None:
    later = re.compile("|".join(rf"\b{a}{b}\b" for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))))
    found = [
        f"{file}:{n}" for file in files() for n, line in enumerate(text(file).splitlines(), 1) if later.search(line)
    ]
    assert found == []


def test_only_the_transaction_commits() -> None:
    calls = [
        f"{name}:{node.lineno} calls {node.func.attr}()"
        for name, file in modules().items()
        if name != "app.db.session"
        for node in nodes(file)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "begin", "begin_nested")
    ]
    assert calls == []


def test_only_the_transaction_makes_sessions_and_engines() -> None:
    own = {
        "app.db.session": "the transaction",
        "app.db.migrate": "a migration has a connection of its own",
        "app.cli.servers": "`doctor` looks at a server that may be the wrong one",
    }
    makers = ("Session", "sessionmaker", "scoped_session", "create_engine")
    places = [
        f"{name}:{node.lineno} calls {node.func.id}()"
        for name, file in modules().items()
        if name not in own
        for node in nodes(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers
    ]
    assert places == []


def test_the_environment_is_read_in_one_place() -> None:
    names = ("os.environ", "os.environb", "os.getenv", "environ", "getenv")
    readers = {name: list(mentions(name, *names)) for name in modules()}
    assert {
        name: places
        for name, places in readers.items()
        if places and not any(is_in(name, reader) for reader in READS_THE_ENVIRONMENT)
    } == {}


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{name}:{node.lineno}"
        for name, file in modules().items()
        if not is_in(name, "app.cli") and name not in ("sandbox.__main__", "sandbox.server")
        for node in nodes(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name, file in modules().items() if not ast.get_docstring(tree(file))] == []


def test_broad_excepts_say_why() -> None:
    silent = []
    for name, file in modules().items():
        lines = text(file).splitlines()
        for node in nodes(file):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
            ):
                raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                if not raises and "#" not in lines[node.lineno - 1]:
                    silent.append(f"{name}:{node.lineno}")
    assert silent == []
