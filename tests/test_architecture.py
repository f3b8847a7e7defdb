"""The parts of the package: which may import which, without cycles; and what importing the package costs."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import keras_session5
from keras_session5.tasks import TASKS

PACKAGE = Path(keras_session5.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
PARTS = {name.split(".")[1] for name in MODULES if "." in name} - {"__main__"}

# part -> the parts of the package that it imports; `cli` may import all
ALLOWED = {
    "errors": set(),
    "checks": {"errors"},
    "disk": {"errors"},
    "layers": {"checks", "errors"},
    "imports": {"layers"},
    "models": {"layers", "checks", "errors"},
    "generation": {"models", "layers", "errors"},
    "introspection": {"layers", "checks"},
    "by_hand": {"checks", "errors"},
    "catalog": {"models", "checks", "errors"},
    "data": {"checks", "errors"},
    "exercises": {"by_hand", "errors"},
    "pictures": {"checks", "errors"},
    "tasks": {"generation", "catalog", "data", "models", "layers", "checks", "errors"},
    "dashboard": {"tasks", "introspection", "data", "layers", "pictures", "errors"},
    "training": {"dashboard", "tasks", "catalog", "data", "disk", "checks", "errors"},
    "pretrained": {"training", "tasks", "catalog", "client", "checks", "errors"},
    "comparison": {"training", "tasks", "catalog", "data", "checks", "errors"},
    "exporting": {"pretrained", "training", "tasks", "generation", "introspection", "data", "models", "disk"}
    | {"errors"},
    "server": {"checks", "errors"},
    "serving": {"exporting", "server"},
    "client": {"errors"},
    "checking": {
        *{"serving", "server", "client", "exporting", "training", "tasks", "catalog", "data", "checks"},
        "errors",
    },
    "playground": {"client", "catalog", "data", "by_hand", "pictures", "checks", "errors"},
}
# part -> libraries that it must never import
FORBIDDEN = {
    "layers": {"tensorflow"},
    "models": {"tensorflow"},
    "generation": {"tensorflow"},
    "introspection": {"tensorflow"},
    "by_hand": {"tensorflow"},
    "exercises": {"tensorflow"},
    "pictures": {"tensorflow", "keras"},
    "playground": {"tensorflow", "keras"},
    "server": {"keras"},
}
# Backends that these files import inside functions, for what Keras has no operation of its own.
INSIDE_FUNCTIONS = {"keras_session5.introspection.saliency": {"tensorflow"}}
# All that the client may import beside the standard library and the package.
LIBRARIES_OF_THE_CLIENT = {"numpy", "grpc", "google", "tokenizers", "keras_session5"}
# Only here may it matter which task a network has.
OF_TASKS = ("keras_session5.tasks", "keras_session5.exporting.signatures")


def imports(source: str, package: str = "") -> Iterator[tuple[str, str]]:
    """The module of every import, at the top or in a function, and the name that is taken from it or "".

    What `import_module` is given is an import, too; a name that is put together there is a pattern.

    Args:
        package: that relative imports start from.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from ((alias.name, "") for alias in node.names)
            case ast.ImportFrom():
                module = ".".join(filter(None, [package if node.level else "", node.module or ""]))
                yield from ((module, alias.name) for alias in node.names)
            case ast.Call(ast.Name("import_module") | ast.Attribute(_, "import_module"), [name, *_]):
                yield pattern(name), ""


def pattern(name: ast.expr) -> str:
    """A regular expression for a string whose placeholders stand for one name each."""
    parts = name.values if isinstance(name, ast.JoinedStr) else [name]
    return "".join(re.escape(part.value) if isinstance(part, ast.Constant) else "[^.]+" for part in parts)


def own_modules(source: str, package: str = "") -> set[str]:
    """The modules of the package that a source imports.

    A submodule that is taken from its package is that submodule; any other name comes from `__init__`.
    """
    found = set()
    for module, name in imports(source, package):
        if f"{module}.{name}" in MODULES:
            found.add(f"{module}.{name}")
        else:
            found |= {known for known in MODULES if re.fullmatch(module, known)}
    return found


def libraries(source: str) -> set[str]:
    return {module.split(".")[0] for module, _ in imports(source)}


def at_the_top(source: str) -> str:
    """The source without its functions."""
    tree = ast.parse(source)
    return ast.unparse([node for node in tree.body if not isinstance(node, ast.FunctionDef)])


def of_part(part: str) -> dict[str, str]:
    """Name -> source of the modules of a part."""
    return {name: MODULES[name].read_text("utf-8") for name in MODULES if name.split(".")[1:2] == [part]}


def test_every_part_has_its_arrows():
    assert ALLOWED.keys() | {"cli"} == PARTS


def reachable(part, arrows):
    """All that a part can reach along the arrows; itself only if it is in a cycle."""
    found, ahead = set(), list(arrows[part])
    while ahead:
        if (one := ahead.pop()) not in found:
            found.add(one)
            ahead += arrows[one]
    return found


def diagram():
    """The arrows in Mermaid's language, without those that others imply; `cli` may import everything."""
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
def test_a_part_imports_the_parts_that_it_may_and_no_others(part):
    found = {module.split(".")[1] for source in of_part(part).values() for module in own_modules(source)}
    assert found - {part} == ALLOWED[part]


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_no_library_that_it_must_not(part):
    for name, source in of_part(part).items():
        found = libraries(source) & FORBIDDEN.get(part, set())
        assert found <= INSIDE_FUNCTIONS.get(name, set()), name
        assert not libraries(at_the_top(source)) & FORBIDDEN.get(part, set()), name
        # make_protos.py is a tool that writes a file from TensorFlow Serving's own messages.
        if part == "client" and not name.endswith(".make_protos"):
            assert libraries(source) <= sys.stdlib_module_names | LIBRARIES_OF_THE_CLIENT, name


def import_graph() -> dict[str, set[str]]:
    """Module -> the modules that it imports, in functions too, and the package's lazy names."""
    graph = {name: own_modules(path.read_text("utf-8")) for name, path in MODULES.items()}
    graph[PACKAGE.name] |= own_modules((PACKAGE / "__init__.pyi").read_text("utf-8"), PACKAGE.name)
    return graph


def test_no_module_imports_itself_by_way_of_others():
    graphlib.TopologicalSorter(import_graph()).prepare()


def test_the_graph_of_imports_has_those_in_functions_and_those_put_together():
    graph = import_graph()
    assert "keras_session5.training.fit" in graph["keras_session5.training.train"]
    assert "keras_session5.models.lenet5" in graph["keras_session5.catalog.entry"]
    assert "keras_session5.layers" in graph["keras_session5.imports"]
    assert "keras_session5.training" in graph["keras_session5"]


def branches_on_tasks(source: str) -> list[int]:
    """The lines in which a source depends on which task it is.

    That is a comparison, `isinstance`, a pattern or a table that names tasks or their classes, and a look-up
    by the name of a task.
    """
    tree = ast.parse(source)
    classes = {task.__name__ for task in TASKS.values()}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_session5.tasks")
        for alias in node.names
        if alias.name in classes
    }

    def names_a_task(node: ast.AST | None) -> bool:
        match node:
            case ast.Constant(value):
                return value in TASKS
            case ast.Name(name):
                return name in imported
            case ast.Attribute(ast.Name("tasks"), name):
                return name in classes
            case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements):
                return any(map(names_a_task, elements))
            case ast.BinOp(left, ast.BitOr(), right):
                return names_a_task(left) or names_a_task(right)
        return isinstance(node, ast.Attribute) and node.attr == "task"

    def branches(node: ast.AST) -> bool:
        match node:
            case ast.Compare(left, _, others):
                return any(map(names_a_task, [left, *others]))
            case ast.Call(ast.Name("isinstance" | "issubclass"), [_, of]):
                return names_a_task(of)
            case ast.MatchValue(value) | ast.MatchClass(value):
                return names_a_task(value)
            case ast.Subscript(_, key) | ast.Call(ast.Attribute(_, "get"), [key, *_]):
                return names_a_task(key)
            case ast.Dict(keys):
                return sum(map(names_a_task, keys)) > 1
        return False

    return [node.lineno for node in ast.walk(tree) if branches(node)]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(OF_TASKS)])
def test_nothing_else_asks_which_task_it_is(name):
    assert not branches_on_tasks(MODULES[name].read_text("utf-8"))


@pytest.mark.parametrize(
    "code",
    [
        'entry.task == "anything"',
        'name != "translation"',
        'name in ("classification", "forecasting")',
        "isinstance(x, Translation)",
        "isinstance(x, int | Translation)",
        "type(x) is tasks.Classification",
        "match x:\n case Translation(): pass",
        'match x:\n case "language_model": pass',
        "TABLE[entry.task]",
        'TABLE["translation"]',
        "TABLE.get(entry.task)",
        "{Translation: 1, tasks.Forecasting: 2}",
    ],
)
def test_a_branch_on_a_task_is_found(code):
    assert branches_on_tasks(f"from keras_session5.tasks import Translation\n{code}")


@pytest.mark.parametrize(
    "code",
    ["task.classifies", 'Network(task="translation")', "isinstance(x, Classification)", 'name == "gpt"'],
)
def test_what_is_no_branch_on_a_task_is_not_found(code):
    assert not branches_on_tasks(code)


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


def untyped_arguments(node: ast.AST, prefix: str = "") -> list[str]:
    """The arguments without a type of the public functions and methods in a module or a class."""
    found = []
    for one in getattr(node, "body", []):
        name = getattr(one, "name", "_")
        if name.startswith("_") and name != "__init__":
            continue
        if isinstance(one, ast.ClassDef):
            found += untyped_arguments(one, f"{name}.")
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs]
            missing = [argument.arg for argument in arguments if argument.annotation is None]
            found += [
                f"{prefix}{name}({argument})" for argument in missing if argument not in ("self", "cls")
            ]
    return found


def test_every_argument_of_a_public_function_has_a_type():
    found = {name: untyped_arguments(ast.parse(path.read_text("utf-8"))) for name, path in MODULES.items()}
    assert not {name: arguments for name, arguments in found.items() if arguments}
