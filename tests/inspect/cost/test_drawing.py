"""Drawings of models: who feeds whom, and boxes that neither overlap nor lie under an arrow."""

from functools import cache
from itertools import pairwise

import pytest

from dl import models
from dl.errors import InputError
from dl.inspect.cost.drawing import LANE, Box, Drawing, draw_model, place
from dl.inspect.cost.flow import Node, flow
from dl.types import Model

MODELS: dict[str, tuple[Model, tuple[int, ...]]] = {
    "lenet": (models.lenet(), (28, 28, 1)),
    "lenet5": (models.lenet5(variant="1998"), (32, 32, 1)),
    "towers": (models.alexnet(towers=2), (227, 227, 3)),
    "googlenet": (models.googlenet(10, small=True, auxiliary=True), (32, 32, 3)),
    "resnet": (models.cifar_resnet(20), (32, 32, 3)),
    "autoencoder": (models.conv_autoencoder((28, 28, 1), code_size=8), (28, 28, 1)),
    "belief_net": (models.belief_net((28, 28, 1), (50, 20)), (28, 28, 1)),
    "both_ways": (
        models.sequence_model("gru", 10, hidden_size=16, num_layers=2, bidirectional=True),
        (28, 28, 1),
    ),
    "language": (models.language_model("lstm", 30, embedding_size=16, hidden_size=16), (20,)),
    "tied": (
        models.language_model("gru", 30, embedding_size=16, hidden_size=16, tied=True),
        (20,),
    ),
}
EVERY = pytest.mark.parametrize("name", MODELS)


@cache
def graph(name: str) -> tuple[Node, ...]:
    return flow(*MODELS[name])


@cache
def drawn(name: str) -> Drawing:
    return place(graph(name))


def feeds(nodes: tuple[Node, ...]) -> dict[str, list[str]]:
    return {node.name: [nodes[source].name for source in node.sources] for node in nodes}


def test_a_residual_block_is_added_to_what_it_began_with() -> None:
    nodes = graph("resnet")
    joins = [node for node in nodes if node.kind == "join"]
    assert [node.name for node in joins] == ["+"] * 9
    assert [nodes[source].name for source in joins[0].sources] == [
        "stem/norm",
        "stage1_1/block2/norm",
    ]
    assert [nodes[source].name for source in joins[1].sources] == ["+", "stage1_2/block2/norm"]


def test_an_inception_block_is_four_paths_that_are_concatenated() -> None:
    nodes = graph("googlenet")
    found = feeds(nodes)
    assert found["inception3a/three/conv"] == ["inception3a/three_reduced/conv"]
    block = next(node for node in nodes if node.name == "concat")
    assert [nodes[source].name for source in block.sources] == [
        f"inception3a/{path}" for path in ("one/conv", "three/conv", "five/conv", "pooled/conv")
    ]
    assert block.output_shape == (32, 32, 128)  # 32 + 64 + 16 + 16
    assert found["auxiliary4a/pool"] == ["concat"]


def test_both_directions_read_the_layer_below_them() -> None:
    found = feeds(graph("both_ways"))
    assert found["recurrent/forward_0"] == found["recurrent/backward_0"] == ["input"]


def test_tied_weights_come_after_the_layers_they_read() -> None:
    nodes = graph("tied")
    assert [node.kind for node in nodes] == [
        "input", "embedding", "recurrent", "operation", "dense", "operation"
    ]  # fmt: skip
    assert [node.sources for node in nodes[1:]] == [(0,), (1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("lenet", 431_080), ("resnet", 269_722), ("tied", 30 * 16 + 3 * 16 * (16 + 16) + 30)],
)
def test_a_drawing_holds_every_parameter_once(name: str, parameters: int) -> None:
    assert sum(box.parameters for box in drawn(name).boxes) == parameters


@EVERY
def test_boxes_lie_inside_and_apart(name: str) -> None:
    drawing = drawn(name)
    for number, box in enumerate(drawing.boxes):
        assert box.x >= -1e-6
        assert box.y >= 0
        assert box.x + box.width <= drawing.width + 1e-6
        assert box.y + box.height <= drawing.height + 1e-6
        for other in drawing.boxes[:number]:
            assert apart(box, other), (box.name, other.name)


@EVERY
def test_arrows_join_edges_go_down_and_touch_no_other_box(name: str) -> None:
    drawing = drawn(name)
    for arrow in drawing.arrows:
        source, target = drawing.boxes[arrow.source], drawing.boxes[arrow.target]
        assert arrow.points[0] == (source.x + source.width / 2, source.y + source.height)
        assert arrow.points[-1] == (target.x + target.width / 2, target.y)
        for start, end in pairwise(arrow.points):
            assert start[1] < end[1]
            assert 0 <= end[0] <= drawing.width
            assert not [box.name for box in drawing.boxes if crosses(start, end, box)]


def test_a_lane_beyond_all_boxes_lies_inside_too() -> None:
    """The last sum reads both layers and the first sum: two lanes beside one box."""
    sources = [(), (0,), (0, 1), (2,), (1, 2, 3)]
    nodes = [Node("", "join" if len(each) > 1 else "dense", (1,), 0, each) for each in sources]
    drawing = place(nodes)
    farthest = max(x for arrow in drawing.arrows for x, _ in arrow.points)
    assert farthest > max(box.x + box.width for box in drawing.boxes)
    assert farthest + LANE / 2 == drawing.width


def test_a_model_made_of_functions_has_nothing_to_draw() -> None:
    model = models.from_functions(lambda key, x: {}, lambda params, x: x, name="pair")
    with pytest.raises(InputError, match="pair of functions"):
        draw_model(model, (4,))


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def crosses(start: tuple[float, float], end: tuple[float, float], box: Box) -> bool:
    """Whether a line that goes down passes through the inside of a box, tried at 20 places."""
    shares = [(place + 0.5) / 20 for place in range(20)]
    places = [
        (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
        for share in shares
    ]
    return any(box.x < x < box.x + box.width and box.y < y < box.y + box.height for x, y in places)
