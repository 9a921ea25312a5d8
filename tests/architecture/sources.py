"""The project's own Python files, read as syntax trees: which module imports which, and what else stands in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "workers", "sandbox")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, where it is said."""

    module: str
    """Who imports."""
    target: str
    """The module that is meant: `from app.runs import plan` means app.runs.plan."""
    line: int
    is_lazy: bool
    """Whether it stands in a function, so that loading the module does not load the target."""

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def files() -> tuple[Path, ...]:
    """Return every Python file that belongs to the project, relative to its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.py"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        folders = (*PACKAGES, "migrations", "tests")
        listed = [
            "celeryconfig.py",
            *(str(f.relative_to(ROOT)) for name in folders for f in (ROOT / name).rglob("*.py")),
        ]
    return tuple(sorted(Path(name) for name in listed if name and (ROOT / name).is_file()))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(text(file), str(file))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """Return all that stands in a file, from the outside in."""
    return tuple(ast.walk(tree(file)))


@cache
def text(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def name_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Return the product's modules by name: no tests, no migrations."""
    mine = [file for file in files() if file.parts[0] in PACKAGES or file == Path("celeryconfig.py")]
    return {name_of(file): file for file in mine}


@cache
def imports() -> tuple[Import, ...]:
    return tuple(one for name, file in modules().items() for one in _imports_of(name, file))


def _imports_of(module: str, file: Path) -> Iterator[Import]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    lazy = {id(inner) for node in nodes(file) if isinstance(node, ast.FunctionDef | ast.Lambda)
            for inner in ast.walk(node)}  # fmt: skip
    for node in nodes(file):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            targets = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base for alias in node.names]
        else:
            continue
        for target in dict.fromkeys(targets):
            yield Import(module, target, node.lineno, id(node) in lazy)


def is_in(module: str, package: str) -> bool:
    """Return whether a module is the package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def mentions(module: str, *names: str) -> Iterator[str]:
    """Yield each place in a module where one of the dotted names is used."""
    for node in nodes(modules()[module]):
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node) in names:
            yield f"{module}:{node.lineno} uses {dotted(node)}"
