"""How long files and functions are, and that they are documented."""

import ast

from tests.rules.syntax import dotted


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
