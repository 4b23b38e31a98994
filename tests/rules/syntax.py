"""What rules read in a source: dotted names and imports."""

import ast
from collections.abc import Iterator


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
