"""Registries are literal dicts, and each entry is in a test."""

import ast
from collections.abc import Mapping

from tests.rules.syntax import dotted

REGISTRIES = (
    *("ENVS", "STAGES", "BACKBONES", "TEACHERS", "GUIDES", "TRAININGS"),
    *("ATTACKS", "FILTERS", "META_SOLVERS"),
)


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
