"""Which files may use a heavy package or the disk; what none may do."""

import ast
import re

from tests.rules.rooms import LAYERS
from tests.rules.syntax import dotted, imports

_OPEN_SPIEL = {
    "games/openspiel/",
    "psro_comm/metagame/",
    "psro_comm/psro/",
    "psro_comm/validation/",
}
_SOLVERS = {
    "psro_comm/metagame/solvers/",
    "psro_comm/metagame/general/",
    "psro_comm/command/doctor.py",
}
_GAME = {"games/environments/smac/"}
_PEERS = ("jax", "jaxmarl", "mpe2")
HOMES = {  # package -> files, or folders ending in "/", that may import it
    **{name: _OPEN_SPIEL for name in ("pyspiel", "open_spiel")},
    **{name: _SOLVERS for name in ("cvxpy", "highspy")},
    **{name: {"psro_comm/reports/figures/"} for name in ("matplotlib", "PIL")},
    **{name: _GAME for name in ("smac", "pysc2", "psutil")},
    **{
        name: {"games/environments/pettingzoo/"} for name in ("pettingzoo", "gymnasium")
    },
    "ray": {"psro_comm/lab/ray_cluster.py"},
    "wandb": {"psro_comm/disk/wandb_lines.py"},
    **{name: {"psro_comm/benchmarks/peers.py"} for name in _PEERS},
    "absl.flags": {"bin/", "psro_comm/command/", "games/environments/smac/worker.py"},
}
EXTRAS = {  # not required: imported in functions
    *("ray", "wandb", "smac", "pysc2", "psutil", "pettingzoo", "gymnasium"),
    *_PEERS,
}
DISK = {  # may touch the disk; style.py calls savefig, on memory
    "psro_comm/disk/",
    "psro_comm/command/doctor.py",
    "psro_comm/reports/figures/style.py",
}
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
    ours = (*LAYERS, "files", "RunStore")  # called by these names, they are homes
    return name.split(".")[0] not in ours and bool(DISK_CALLS.fullmatch(name))


def check_disk(path: str, source: str) -> list[str]:
    """Only the homes of `DISK` read and write files; others ask those."""
    if allowed(path, DISK):
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


def loads_weights_only(path: str, call: ast.Call) -> bool:
    """Whether torch refuses all but tensors, in the room that reads files."""
    keywords = {word.arg: ast.unparse(word.value) for word in call.keywords}
    safe = keywords.get("weights_only") == "True"
    at_home = path.startswith("psro_comm/disk/")
    return safe and at_home and dotted(call.func) == "torch.load"


def check_unsafe(path: str, source: str) -> list[str]:
    """Nothing is unpickled and no text is executed."""
    tree = ast.parse(source)
    calls = [
        f"{path}:{node.lineno}: {dotted(node.func)}() is forbidden"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) in UNSAFE_CALLS
        if not loads_weights_only(path, node)
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
