"""A drawing of a model: a box for each layer and an arrow wherever one feeds another.

The input is at the top. A box lies one row below the lowest of those that feed it. Within a row,
boxes keep their order and lie as near as they can to those that they are joined to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from dl.inspect.cost.flow import Node, flow
from dl.inspect.cost.summary import Inputs
from dl.types import Model

WIDTH, HEIGHT, BETWEEN, BELOW = 168.0, 44.0, 16.0, 28.0
"""The sides of a box, and the gaps to the next box of its row and to the next row."""
JOIN_WIDTH, JOIN_HEIGHT, LANE = 56.0, 22.0, 12.0
"""The sides of the box of a join, and the width that an arrow takes in a row that it passes."""
SWEEPS = 12
"""How often boxes move towards those that they are joined to, downwards and upwards in turn."""


class Box(NamedTuple):
    """A layer at its place: x and y are of the left upper corner, y grows downwards.

    `kind` is that of `dl.inspect.cost.flow.Node`; shapes are without the batch.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    x: float
    y: float
    width: float
    height: float


class Arrow(NamedTuple):
    """A line from the lower edge of box `source` to the upper edge of box `target`.

    It goes straight from point to point: (x, y) each.
    """

    source: int
    target: int
    points: tuple[tuple[float, float], ...]


class Drawing(NamedTuple):
    """Boxes in the order of their calls, arrows between them, and the size of the whole."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float


def draw_model(model: Model, input_shape: Inputs) -> Drawing:
    """The boxes and arrows of `model` for inputs as `summarize` takes them; nothing is computed.

    Source of the placement: Sugiyama, Tagawa and Toda 1981 (rows, and lanes for long arrows).

    Raises:
        InputError: when the model was made from functions, which do not mark their layers.

    >>> import dl
    >>> drawing = draw_model(dl.models.softmax_regression(10), (4,))
    >>> drawing.boxes[1]
    Box(name='output', kind='dense', output_shape=(10,), parameters=50,
        x=0.0, y=72.0, width=168.0, height=44.0)
    >>> drawing.arrows
    (Arrow(source=0, target=1, points=((84.0, 44.0), (84.0, 72.0))),)
    """
    return place(flow(model, input_shape))


def place(nodes: Sequence[Node]) -> Drawing:
    """The drawing of a graph whose nodes come after their sources."""
    rows = _rows(nodes)
    paths = _paths(nodes, rows)
    points = {point for path in paths.values() for point in path} | set(enumerate(rows))
    centres = _centres(nodes, points, paths.values())
    tops, height = _tops(nodes, rows)
    boxes = [
        Box(*node[:4], centres[number, row] - _wide(node) / 2, tops[row], _wide(node), _high(node))
        for number, (node, row) in enumerate(zip(nodes, rows, strict=True))
    ]
    arrows = [_arrow(path, boxes, centres, tops) for path in paths.values()]
    width = max(centre + _half(point, nodes) for point, centre in centres.items())
    return Drawing(tuple(boxes), tuple(arrows), width, height)


Point = tuple[int, int]
"""A node and a row: its own, or one that an arrow to this node passes (then a negative number)."""


def _rows(nodes: Sequence[Node]) -> list[int]:
    """The row of every node: one below the lowest of its sources."""
    rows: list[int] = []
    for node in nodes:
        rows.append(1 + max((rows[source] for source in node.sources), default=-1))
    return rows


def _paths(nodes: Sequence[Node], rows: Sequence[int]) -> dict[tuple[int, int], list[Point]]:
    """For each arrow its points from row to row; each long arrow has a lane of its own."""
    paths: dict[tuple[int, int], list[Point]] = {}
    for target, node in enumerate(nodes):
        for source in node.sources:
            lane = [(-1 - len(paths), row) for row in range(rows[source] + 1, rows[target])]
            paths[source, target] = [(source, rows[source]), *lane, (target, rows[target])]
    return paths


def _centres(
    nodes: Sequence[Node], points: set[Point], paths: Iterable[Sequence[Point]]
) -> dict[Point, float]:
    """The horizontal centre of every point, from the left edge of the drawing."""
    above, below = defaultdict(list), defaultdict(list)
    for upper, lower in (pair for path in paths for pair in pairwise(path)):
        above[lower].append(upper)
        below[upper].append(lower)
    half = {point: _half(point, nodes) for point in points}
    lines = _ordered(points, above)
    centres = dict.fromkeys(points, 0.0)
    for sweep in range(SWEEPS):
        near, order = (below, lines[::-1]) if sweep % 2 else (above, lines)
        for line in order:
            wanted = [
                _mean([centres[other] for other in near[point]], centres[point]) for point in line
            ]
            centres.update(zip(line, _apart(wanted, [half[point] for point in line]), strict=True))
    left = min(centres[point] - half[point] for point in points)
    return {point: centre - left for point, centre in centres.items()}


def _ordered(points: set[Point], above: Mapping[Point, Sequence[Point]]) -> list[list[Point]]:
    """The points of every row from left to right: by the mean place of those above, then by call.

    A lane counts as the last call, so that what is skipped stays at the left of the skip.
    """
    lines: list[list[Point]] = [[] for _ in range(1 + max(row for _, row in points))]
    for point in points:
        lines[point[1]].append(point)
    place: dict[Point, float] = {}
    for line in lines:
        line.sort(
            key=lambda point: (
                _mean([place[other] for other in above[point]], 0.0),
                point[0] < 0,
                abs(point[0]),
            )
        )
        place.update((point, (at + 0.5) / len(line)) for at, point in enumerate(line))
    return lines


def _apart(wanted: Sequence[float], half: Sequence[float]) -> list[float]:
    """The centres nearest to `wanted`, in squares, whose boxes keep their order and distance.

    Neighbours that would overlap become one block at the mean of their wishes (pool adjacent
    violators).
    """
    offsets = [0.0]
    for left, right in pairwise(half):
        offsets.append(offsets[-1] + left + BETWEEN + right)
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, others = blocks.pop()
            mean, count = (before * others + mean * count) / (others + count), others + count
        blocks.append((mean, count))
    starts = [mean for mean, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _tops(nodes: Sequence[Node], rows: Sequence[int]) -> tuple[list[float], float]:
    """The upper edge of every row, and the lower edge of the last."""
    heights = [0.0] * (1 + max(rows))
    for node, row in zip(nodes, rows, strict=True):
        heights[row] = max(heights[row], _high(node))
    tops = [0.0]
    for height in heights[:-1]:
        tops.append(tops[-1] + height + BELOW)
    return tops, tops[-1] + heights[-1]


def _arrow(
    path: Sequence[Point],
    boxes: Sequence[Box],
    centres: Mapping[Point, float],
    tops: Sequence[float],
) -> Arrow:
    (source, _), *lane, (target, _) = path
    start, end = boxes[source], boxes[target]
    points = [(start.x + start.width / 2, start.y + start.height)]
    for point in lane:
        x, top = centres[point], tops[point[1]]
        points += [(x, top), (x, tops[point[1] + 1] - BELOW)]
    return Arrow(source, target, (*points, (end.x + end.width / 2, end.y)))


def _half(point: Point, nodes: Sequence[Node]) -> float:
    """Half the width of a box, or of a lane."""
    return (_wide(nodes[point[0]]) if point[0] >= 0 else LANE) / 2


def _wide(node: Node) -> float:
    return JOIN_WIDTH if node.kind == "join" else WIDTH


def _high(node: Node) -> float:
    return JOIN_HEIGHT if node.kind == "join" else HEIGHT


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
