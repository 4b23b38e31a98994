"""Finds all equilibria of a small two-player game: their extreme points."""

from itertools import combinations
from math import comb
from typing import NamedTuple

import networkx as nx
import numpy as np

from psro_comm.metagame.solvers.checks import normalised

MOST_BASES = 200_000  # of a polytope; 184 755 in a 10 by 10 game
_EDGE = 1e-9  # of the payoffs, which are in [1, 2]: what is tight
_SINGULAR = 1e-11  # of the largest singular value
_CHUNK = 20_000  # linear systems that are solved at once


class Component(NamedTuple):
    """A connected set of equilibria, all convex combinations of some of its own.

    Attributes:
      extreme: its extreme equilibria, as places in the list of all of them.
      hulls: its maximal Nash subsets, each as places of mixtures of both players: any
        mean of the first with any mean of the second is an equilibrium.
    """

    extreme: tuple[int, ...]
    hulls: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


class Extreme(NamedTuple):
    """All equilibria of a two-player game.

    Attributes:
      pairs: `(x [m], y [n])`, the extreme equilibria.
      components: connected sets of equilibria.
    """

    pairs: list[tuple[np.ndarray, np.ndarray]]
    components: list[Component]


def bases(m: int, n: int) -> int:
    """Returns how many linear systems `extreme_equilibria` solves on each side."""
    return comb(m + n, m) - 1


def extreme_equilibria(first: np.ndarray, second: np.ndarray) -> Extreme:
    """Returns all extreme equilibria, by all vertices of both best-response polytopes.

        P = {x >= 0, B' x <= 1},   Q = {y >= 0, A y <= 1},   A, B > 0

    A pair of vertices is an equilibrium, once scaled, exactly if each pure strategy is
    unplayed or a best response. The set of all equilibria is the union of convex hulls
    of such pairs, degenerate game or not: the maximal bicliques of the graph in which
    they are the edges.

    Args:
      first: `[m, n]` payoffs to the player of the rows, A.
      second: `[m, n]` payoffs to the player of the columns, B.

    Raises:
      ValueError: the game is too large.

    Source: von Stengel 2002, Computing equilibria for two-person games, sections 2 and
      3; Avis, Rosenberg, Savani, von Stengel 2010, Economic Theory 42 (components).
    """
    m, n = first.shape
    if bases(m, n) > MOST_BASES:
        raise ValueError(
            f"all equilibria of a {m} by {n} game take {bases(m, n):,} linear systems,"
            f" at most {MOST_BASES:,} are solved"
        )
    a, b = normalised(first), normalised(second)
    xs, x_labels = _vertices(b.T)  # labels: unplayed rows, then tight columns
    ys, y_labels = _vertices(a)  # unplayed columns, then tight rows
    y_labels = np.concatenate([y_labels[:, n:], y_labels[:, :n]], axis=1)
    # Each label must be missing on one side at most.
    both = (~x_labels).astype(np.float32) @ (~y_labels).T.astype(np.float32)
    edges = np.argwhere(both == 0)
    pairs = [(xs[i], ys[j]) for i, j in edges]
    return Extreme(pairs, _components(edges))


def _vertices(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the vertices but 0 of {z >= 0, table z <= 1}, `table` `[rows, columns]`.

    Returns:
      Vertices scaled to mixtures `[V, columns]`, and labels `[V, columns + rows]`:
      whether z_j = 0, then whether (table z)_i = 1.
    """
    rows, columns = table.shape
    points: dict[bytes, np.ndarray] = {}
    labels: dict[bytes, np.ndarray] = {}
    for size in range(1, min(rows, columns) + 1):
        supports = np.array(list(combinations(range(columns), size)))
        tights = np.array(list(combinations(range(rows), size)))
        step = max(1, _CHUNK // len(tights))
        for start in range(0, len(supports), step):
            chosen = supports[start : start + step]
            for z in _solutions(table, chosen, tights):
                zero, tight = z <= _EDGE, table @ z >= 1 - _EDGE
                label = np.concatenate([zero, tight])
                key = label.tobytes()
                if key not in points and _is_vertex(table, zero, tight):
                    points[key], labels[key] = z / z.sum(), label
    shape = (-1, columns + rows)
    return (
        np.array(list(points.values())).reshape(-1, columns),
        np.array(list(labels.values()), dtype=bool).reshape(shape),
    )


def _solutions(
    table: np.ndarray, supports: np.ndarray, tights: np.ndarray
) -> np.ndarray:
    """Returns points of the polytope that solve table[T, S] z_S = 1, `[k, columns]`."""
    systems = table[tights[None, :, :, None], supports[:, None, None, :]]
    size = supports.shape[1]
    systems = systems.reshape(-1, size, size)
    where = np.repeat(supports, len(tights), axis=0)
    regular = np.linalg.det(systems) != 0  # what is nearly 0 is for `_is_vertex`
    systems, where = systems[regular], where[regular]
    if not len(systems):
        return np.empty((0, table.shape[1]))
    solved = np.linalg.solve(systems, np.ones((len(systems), size, 1)))[..., 0]
    inside = (solved > _EDGE).all(axis=1)  # smaller supports have their own systems
    points = np.zeros((int(inside.sum()), table.shape[1]))
    np.put_along_axis(points, where[inside], solved[inside], axis=1)
    return points[(points @ table.T <= 1 + _EDGE).all(axis=1)]


def _is_vertex(table: np.ndarray, zero: np.ndarray, tight: np.ndarray) -> bool:
    """Returns whether what is tight at a point determines it."""
    normals = table[np.ix_(tight, ~zero)]
    values = np.linalg.svd(normals, compute_uv=False)
    return len(normals) >= normals.shape[1] and values[-1] > _SINGULAR * values[0]


def _components(edges: np.ndarray) -> list[Component]:
    """Returns the components of the graph of extreme equilibria, largest first."""
    graph = nx.Graph()
    places = {}
    for k, (i, j) in enumerate(edges.tolist()):
        graph.add_edge(("x", i), ("y", j))
        places[i, j] = k
    found = []
    for nodes in nx.connected_components(graph):
        part = graph.subgraph(nodes)
        own = sorted(
            places[i, j] for (_, i), (_, j) in (sorted(edge) for edge in part.edges)
        )
        found.append(Component(tuple(own), tuple(_bicliques(part))))
    return sorted(found, key=lambda each: (-len(each.extreme), each.extreme))


def _bicliques(graph: nx.Graph) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Returns the maximal bicliques of a bipartite graph.

    They are the maximal cliques once each side is made complete.
    """
    whole = nx.Graph(graph)
    for side in "xy":
        nodes = [node for node in graph if node[0] == side]
        whole.add_edges_from(combinations(nodes, 2))
    found = []
    for clique in nx.find_cliques(whole):
        xs = tuple(sorted(i for side, i in clique if side == "x"))
        ys = tuple(sorted(i for side, i in clique if side == "y"))
        if xs and ys:
            found.append((xs, ys))
    return sorted(found)
