"""The laws of the house: which room may know of which."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "benchmarks", "cli", "demo", "lambdas", "local", "stacks", "tests")
FUNCTIONS = sorted(file.parent.name for file in (ROOT / "lambdas").glob("*/handler.py"))
SHARED_FOLDERS = {"datasets", "pictures"}  # words that more than one function needs, like the files beside them
SHARED_WITH_STACKS = {
    "lambdas.delivery",
    "lambdas.deployment_settings",
    "lambdas.environment",
    "lambdas.moderation_settings",
    "lambdas.names",
    "lambdas.setting_checks",
}
# Spelled in parts, so that this file mentions none of them itself.
REGISTRY_HOSTS = [
    ".".join(parts).encode()
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"))
]
NOT_OURS = {".git", ".venv", "node_modules", "build", "cdk.out", "__pycache__"}
NOT_OURS |= {".mypy_cache", ".pytest_cache", ".ruff_cache"}


def imports(file: Path) -> set[str]:
    """Return what a file imports, as dotted names: `from lambdas import names` is lambdas.names."""
    found: set[str] = set()
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{name.name}" for name in node.names}
    return found


def files_of(room: str) -> Iterator[Path]:
    """Yield the Python files of a room: a folder, or one file at the root."""
    if (ROOT / f"{room}.py").exists():
        yield ROOT / f"{room}.py"
    yield from sorted((ROOT / room).rglob("*.py"))


def rooms_known_to(room: str) -> dict[str, set[str]]:
    """Return the other rooms that the files of a room import, with those files."""
    known: dict[str, set[str]] = {}
    for file in files_of(room):
        for name in imports(file):
            other = name.partition(".")[0]
            if other in ROOMS and other != room:
                known.setdefault(other, set()).add(str(file.relative_to(ROOT)))
    return known


@pytest.mark.parametrize(
    ("room", "may_know"),
    [
        ("lambdas", set()),
        ("stacks", {"lambdas"}),
        ("cli", {"lambdas"}),
        ("local", set()),
        ("demo", {"lambdas", "local", "cli"}),
        ("app", {"lambdas", "stacks"}),
    ],
)
def test_a_room_knows_only_the_rooms_that_it_may(room, may_know):
    strangers = {other: files for other, files in rooms_known_to(room).items() if other not in may_know}
    assert strangers == {}


def test_nothing_imports_local_but_itself_and_what_demonstrates_measures_or_tests_it():
    assert {room for room in ROOMS if "local" in rooms_known_to(room)} <= {"benchmarks", "demo", "tests"}


def test_the_stacks_read_of_the_functions_only_what_both_sides_spell_alike():
    for file in files_of("stacks"):
        from_lambdas = {name for name in imports(file) if name.startswith("lambdas")}
        strange = {name for name in from_lambdas if ".".join(name.split(".")[:2]) not in SHARED_WITH_STACKS}
        assert strange == set(), f"{file} imports {strange}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_the_shared_words_and_itself_but_no_other_function(function):
    others = {f"lambdas.{other}" for other in FUNCTIONS if other != function}
    for file in files_of(f"lambdas/{function}"):
        strange = {name for name in imports(file) if ".".join(name.split(".")[:2]) in others}
        assert strange == set(), f"{file} imports {strange}"


def test_the_shared_words_know_of_no_function():
    functions = {f"lambdas.{function}" for function in FUNCTIONS}
    shared = [file for folder in sorted(SHARED_FOLDERS) for file in files_of(f"lambdas/{folder}")]
    for file in sorted((ROOT / "lambdas").glob("*.py")) + shared:
        strange = {name for name in imports(file) if ".".join(name.split(".")[:2]) in functions}
        assert strange == set(), f"{file} imports {strange}"


def test_every_folder_of_lambdas_is_a_function_with_a_handler_or_shared():
    folders = {path.name for path in (ROOT / "lambdas").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*FUNCTIONS, *SHARED_FOLDERS}
    for function in FUNCTIONS:
        tree = ast.parse((ROOT / "lambdas" / function / "handler.py").read_text(encoding="utf-8"))
        assert "handle" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, function


def test_no_file_mentions_the_host_of_a_package_registry():
    mentions = {
        str(file.relative_to(ROOT)): host.decode()
        for file in _our_files(ROOT)
        for host in REGISTRY_HOSTS
        if host in file.read_bytes()
    }
    assert mentions == {}


def _our_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.is_symlink():
            continue
        if path.is_dir():
            yield from _our_files(path)
        elif path.is_file():
            yield path


def test_the_types_of_each_service_that_stacks_use_are_checked():
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
    (read,) = [each["module"] for each in overrides if each.get("follow_imports") == "normal"]
    used = {name for file in files_of("stacks") for name in imports(file) if name.startswith("aws_cdk.aws_")}
    assert used == {name for name in read if name.startswith("aws_cdk.aws_")}
