"""The rules of the tree (DESIGN 2.2) as functions of source text.

Each takes a path relative to the root and its text, and returns one line for each
breach, so that a test can show a rule a bad source as well as the real tree.
"""

import ast
import re
from collections.abc import Iterator, Mapping

LAYERS = ("games", "oracles", "psro_comm", "bin")  # each may import those before it
REGISTRIES = ("ENVS", "BACKBONES", "ATTACKS", "FILTERS", "META_SOLVERS")

OPEN_SPIEL = {
    "games/adversarial_comm.py",
    "games/signalling.py",
    "psro_comm/solver.py",
    "psro_comm/meta_solvers/",
    "psro_comm/analysis.py",
    "psro_comm/exchange.py",
}
_PLOTS = ("plots", "game_plots", "learning_plots", "message_plots", "study_plots")
_FLAGS = ("psro_comm/config.py", "psro_comm/command_line.py", "games/smac/worker.py")
HOMES = {  # package -> files, or folders ending in "/", that may import it
    "pyspiel": OPEN_SPIEL,
    "open_spiel": OPEN_SPIEL,
    "cvxpy": {"psro_comm/meta_solvers/", "psro_comm/doctor.py"},
    "highspy": {"psro_comm/meta_solvers/"},
    "ray": {"psro_comm/parallel.py"},
    "matplotlib": {f"psro_comm/{name}.py" for name in _PLOTS},
    **{name: {"games/smac/"} for name in ("smac", "pysc2", "psutil")},
    "absl.flags": {"bin/", *_FLAGS},
}
EXTRAS = {"ray", "smac", "pysc2", "psutil"}  # not required: imported in functions
DISK = ("store", "files", "exchange", "metrics", "plots", "report", "doctor")
DISK_CALLS = re.compile(  # Path.replace looks like str.replace and is left out
    r"""open
    | os\.(fdopen|replace|rename|remove|rmdir|makedirs|truncate|link|symlink|fsync)
    | shutil\.(copy|copy2|copyfile|copytree|move|rmtree)
    | tempfile\.(mkstemp|mkdtemp|\w*TemporaryFile|TemporaryDirectory)
    | (np|numpy)\.(save|savez|savez_compressed|savetxt|load|loadtxt|genfromtxt)
    | .+\.(open|mkdir|unlink|touch|symlink_to|hardlink_to|savefig|tofile)
    | .+\.(read|write)_(text|bytes)
    """,
    re.VERBOSE,
)
DISK_PACKAGES = {"safetensors", "tensorboardX"}
UNSAFE_PACKAGES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "torch.load", "torch.save", "torch.jit.load"}


def within(name: str, package: str) -> bool:
    """Whether the dotted `name` is `package` or lies in it."""
    return name == package or name.startswith(package + ".")


def allowed(path: str, homes: set[str]) -> bool:
    """Whether `path` is one of `homes`, or lies in one that ends in a slash."""
    return path in homes or any(h.endswith("/") and path.startswith(h) for h in homes)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of attributes; of other expressions, `?.b.c`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def imports(path: str, tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yields (dotted name, line, runs at import time) of all that `tree` imports."""
    lazy = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        for name in imported_names(path, node):
            yield name, node.lineno, id(node) not in lazy


def imported_names(path: str, node: ast.AST) -> list[str]:
    """The full names that one node imports; `importlib.import_module("x")` too."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = path.split("/")[: -node.level] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{base}.{alias.name}" if base else alias.name for alias in node.names]
    if isinstance(node, ast.Call) and node.args:
        called = dotted(node.func).split(".")[-1]
        first = node.args[0]
        if called in {"import_module", "__import__"} and isinstance(
            first, ast.Constant
        ):
            return [str(first.value)]
    return []


def check_direction(path: str, source: str) -> list[str]:
    """games <- oracles <- psro_comm <- bin; never upward, nor between binaries."""
    layer = LAYERS.index(path.split("/")[0])
    forbidden = {*LAYERS[layer + 1 :], "tests", "bin"}
    return [
        f"{path}:{line}: {LAYERS[layer]} must not import {name}"
        for name, line, _ in imports(path, ast.parse(source))
        if name.split(".")[0] in forbidden
    ]


def check_homes(path: str, source: str) -> list[str]:
    """Each heavy package has its few files, and extras are imported lazily."""
    found = []
    for name, line, eager in imports(path, ast.parse(source)):
        for package, homes in HOMES.items():
            if within(name, package) and not allowed(path, homes):
                found.append(f"{path}:{line}: {package} only in {sorted(homes)}")
        if eager and name.split(".")[0] in EXTRAS:
            found.append(f"{path}:{line}: import {name} inside a function (an extra)")
    return found


def touches_disk(name: str) -> bool:
    """Whether calling `name` reads or writes files, other than by a home of that."""
    return name.split(".")[0] not in (*DISK, *LAYERS, "RunStore") and bool(
        DISK_CALLS.fullmatch(name)
    )


def check_disk(path: str, source: str) -> list[str]:
    """Only the files of `DISK` read and write files; others ask those."""
    if path in {f"psro_comm/{home}.py" for home in DISK}:
        return []
    tree = ast.parse(source)
    calls = [
        f"{path}:{node.lineno}: {ast.unparse(node.func)}() touches the disk"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and touches_disk(dotted(node.func))
    ]
    packages = [
        f"{path}:{line}: {name} touches the disk"
        for name, line, _ in imports(path, tree)
        if name.split(".")[0] in DISK_PACKAGES or touches_disk(name)
    ]
    return calls + packages


def check_unsafe(path: str, source: str) -> list[str]:
    """Nothing is unpickled and no text is executed."""
    tree = ast.parse(source)
    calls = [
        f"{path}:{node.lineno}: {dotted(node.func)}() is forbidden"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) in UNSAFE_CALLS
    ]
    pickled = [
        f"{path}:{node.value.lineno}: allow_pickle is forbidden"
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
        if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    packages = [
        f"{path}:{line}: {name} is forbidden"
        for name, line, _ in imports(path, tree)
        if name.split(".")[0] in UNSAFE_PACKAGES or name in UNSAFE_CALLS
    ]
    return calls + pickled + packages


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function after decorators, signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def check_length(
    path: str, source: str, *, file: int = 300, body: int = 50
) -> list[str]:
    """A file has at most `file` lines, the body of a function at most `body`."""
    lines = source.count("\n")
    long_file = [f"{path}: {lines} lines, over {file}"] if lines > file else []
    return long_file + [
        f"{path}:{node.lineno}: {node.name} has {body_lines(node)} lines, over {body}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if body_lines(node) > body
    ]


def check_documented(path: str, source: str) -> list[str]:
    """The module, its public classes, functions and methods have docstrings."""
    tree = ast.parse(source)
    missing = [] if ast.get_docstring(tree) else [f"{path}:1: module has no docstring"]
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    for scope in scopes:  # grows: classes hold methods and classes
        for node in scope.body:
            if not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ):
                continue
            if node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                scopes.append(node)
            if not ast.get_docstring(node) and not is_variant(node):
                missing.append(f"{path}:{node.lineno}: {node.name} has no docstring")
    return missing


def is_variant(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether its documentation is elsewhere: overloads, overrides, setters."""
    names = {dotted(d).split(".")[-1] for d in node.decorator_list}
    return bool(names & {"overload", "override", "setter"})


def registry_entries(path: str, source: str) -> tuple[dict[str, list[str]], list[str]]:
    """The keys of each registry that a file defines, and what is not a literal dict."""
    entries: dict[str, list[str]] = {}
    problems = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            base = target.value if isinstance(target, ast.Subscript) else target
            name = dotted(base).split(".")[-1]
            if name not in REGISTRIES:
                continue
            keys = node.value.keys if isinstance(node.value, ast.Dict) else []
            if base is not target or not keys or not all(map(is_text, keys)):
                problems.append(f"{path}:{node.lineno}: {name} is not one literal dict")
            else:
                entries[name] = [str(ast.literal_eval(key)) for key in keys if key]
    return entries, problems


def is_text(node: ast.expr | None) -> bool:
    """Whether `node` is a string literal."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def mentioned(node: ast.AST) -> set[str]:
    """The identifiers and strings inside `node`."""
    inner = list(ast.walk(node))
    names = {n.id for n in inner if isinstance(n, ast.Name)}
    attributes = {n.attr for n in inner if isinstance(n, ast.Attribute)}
    texts = {str(n.value) for n in inner if is_text(n)}
    return names | attributes | texts


def parametrised(source: str) -> set[str]:
    """What the tests of a file are parametrised by, module constants followed."""
    tree = ast.parse(source)
    constants = {
        target.id: mentioned(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func).split(".")[-1] in {"parametrize", "fixture"}:
            found |= mentioned(node)
    pending = list(found)
    while pending:
        new = constants.pop(pending.pop(), set()) - found
        found |= new
        pending += new
    return found


def check_registries(ours: Mapping[str, str], tests: Mapping[str, str]) -> list[str]:
    """Each entry of each registry is in a parametrisation or a contract test.

    Naming the registry covers all its entries, from any test. Naming a key counts in
    the tests of the same layer: `none` and `uniform` are words of many registries.
    """
    tested = {
        path: parametrised(source)
        | (mentioned(ast.parse(source)) if "contract" in path else set())
        for path, source in tests.items()
    }
    problems = []
    for path, source in ours.items():
        entries, bad = registry_entries(path, source)
        near = f"tests/{path.split('/')[0]}/"
        keys_tested = {
            n for t, names in tested.items() if t.startswith(near) for n in names
        }
        problems += bad + [
            f"{path}: {registry}[{key!r}] is in no test"
            for registry, keys in entries.items()
            for key in keys
            if not any(registry in names for names in tested.values())
            and key not in keys_tested
        ]
    return problems
