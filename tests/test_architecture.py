"""Who may import whom, and what importing the package costs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keras_session5

PACKAGE = Path(keras_session5.__file__).parent
PARTS = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py")} - {"__init__", "__main__"}

# part -> the parts of the package that it may import
ALLOWED = {
    "errors": set(),
    "checks": {"errors"},
    "disk": {"errors"},
    "layers": {"checks", "errors"},
    "imports": {"layers"},
    "models": {"layers", "checks", "errors"},
    "generation": {"models", "layers", "checks", "errors"},
    "introspection": {"layers", "checks", "errors"},
    "by_hand": {"checks", "errors"},
    "catalog": {"models", "data", "checks", "errors"},
    "data": {"checks", "errors"},
    "pictures": {"checks", "errors"},
    "dashboard": {"training", "introspection", "catalog", "data", "layers", "pictures", "errors"},
    "training": {
        "dashboard",
        "generation",
        "catalog",
        "data",
        "models",
        "layers",
        "pictures",
        "disk",
        "checks",
        "errors",
    },
    "comparison": {"training", "catalog", "data", "pictures", "checks", "errors"},
    "exporting": {
        "training",
        "generation",
        "introspection",
        "catalog",
        "data",
        "models",
        "disk",
        "checks",
        "errors",
    },
    "server": {"checks", "errors"},
    "client": {"errors"},
    "playground": {"client", "catalog", "data", "by_hand", "pictures", "checks", "errors"},
}
# part -> libraries that it must never import
FORBIDDEN = {
    "layers": {"tensorflow"},
    "models": {"tensorflow"},
    "generation": {"tensorflow"},
    "introspection": {"tensorflow"},
    "by_hand": {"tensorflow"},
    "pictures": {"tensorflow", "keras"},
    "playground": {"tensorflow", "keras"},
    "server": {"keras"},
}
# All that the client may import beside the standard library and the package.
LIBRARIES_OF_THE_CLIENT = {"numpy", "grpc", "google", "keras_session5"}


def imports(path):
    """Dotted names of everything that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "keras_session5":
                yield from (f"keras_session5.{alias.name}" for alias in node.names)


def files(part):
    return [PACKAGE / f"{part}.py"] if (PACKAGE / f"{part}.py").exists() else (PACKAGE / part).rglob("*.py")


def test_every_part_has_its_arrows():
    assert ALLOWED.keys() | {"cli"} == {part for part in PARTS if any(files(part))}


def reachable(part, arrows):
    """All that a part can reach along the arrows; itself only if it is in a cycle."""
    found, ahead = set(), list(arrows[part])
    while ahead:
        if (one := ahead.pop()) not in found:
            found.add(one)
            ahead += arrows[one]
    return found


def diagram():
    """The arrows in Mermaid's language, `cli` included, which may import all; without those that follow."""
    arrows = ALLOWED | {"cli": set(ALLOWED)}
    reach = {part: reachable(part, arrows) for part in arrows}
    lines = [
        f"    {part} --> {other}"
        for part, others in sorted(arrows.items())
        for other in sorted(others)
        if not any(other in reach[one] and part not in reach[one] for one in others - {other})
    ]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def test_the_architecture_page_draws_these_arrows():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    (drawn,) = re.findall(r"^```mermaid$.*?^```$", page, re.MULTILINE | re.DOTALL)
    assert drawn == diagram(), f"Put this into docs/architecture.md:\n{diagram()}"


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_it_may(part):
    for path in files(part):
        for name in imports(path):
            if name.startswith("keras_session5."):
                assert name.split(".")[1] in ALLOWED[part] | {part}, f"{path.name} imports {name}"
            assert name.split(".")[0] not in FORBIDDEN.get(part, ()), f"{path.name} imports {name}"
            # make_protos.py is a tool that writes a file from TensorFlow Serving's own messages.
            if part == "client" and path.name != "make_protos.py":
                assert name.split(".")[0] in sys.stdlib_module_names | LIBRARIES_OF_THE_CLIENT


@pytest.mark.parametrize(
    "code",
    [
        "import keras_session5",
        "import keras_session5; keras_session5.NETWORKS",
        "import keras_session5; keras_session5.load_data, keras_session5.train, keras_session5.connect",
        "import keras_session5.cli",
    ],
)
def test_importing_imports_neither_tensorflow_nor_keras(code):
    check = f"{code}; import sys; sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras')))"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_everything_public_can_be_had_and_is_listed():
    for name in keras_session5.__all__:
        assert getattr(keras_session5, name) is not None
        assert name in dir(keras_session5)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(keras_session5, "nothing")  # noqa: B009 - the error is the point
