"""Which layer feeds which: the layers of a model as a graph, followed through its computation."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from jax.extend.core import JaxprEqn

from dl.inspect.cost.summary import Inputs, known_inputs, shapes_of, trace_model
from dl.jaxprs import Place, shape_of, walk
from dl.types import LayerRow, LayerTrace, Model


class Node(NamedTuple):
    """A layer, the input, or a place where paths join; `sources` are numbers of earlier nodes.

    `kind` is "input", "convolution", "pooling", "dense", "recurrent", "embedding",
    "normalisation", "join", or "operation" for all other layers. The name of a join is its sign:
    "+", "−", "×", or "concat".
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    sources: tuple[int, ...]


def flow(model: Model, input_shape: Inputs) -> tuple[Node, ...]:
    """The layers of `model` in the order of their calls, with what feeds each; nothing is computed.

    The first node is the input; of an encoder-decoder, which takes a `Pair` as `summarize` does,
    the first two are the source and the symbols before the targets. Where operations outside of
    the layers combine the outputs of several (the sum of a residual block, the concatenation of an
    Inception block), they are a node too.

    Raises:
        InputError: when the model was made from functions, which do not mark their layers, and for
            an encoder-decoder that is given one shape.

    >>> import dl
    >>> [(node.name, node.sources) for node in flow(dl.models.lenet(), (28, 28, 1))[:4]]
    [('input', ()), ('conv1', (0,)), ('conv1.pool', (1,)), ('conv2', (2,))]
    """
    traced = trace_model(model, input_shape)
    source, previous = shapes_of(input_shape)
    inputs = [LayerRow("input", source, 0)]
    if previous is not None:
        inputs = [LayerRow("source", source, 0), LayerRow("previous", previous, 0)]
    following = _Following(traced, inputs)
    jaxpr = traced.jaxpr.jaxpr
    outputs = walk(jaxpr, known_inputs(jaxpr, input_shape, 0, 1), following.visit)
    return _without_dead_joins(following.nodes(), {number for number in outputs if number})


class _Following:
    """What is known while the equations are visited: for each array, the node that it comes from.

    Every equation inside of a layer belongs to the layer's node, unless the layer calls others:
    such a layer is a node after them.
    """

    def __init__(self, traced: LayerTrace, inputs: list[LayerRow]) -> None:
        self.rows = list(inputs)
        self._inputs = len(inputs)
        self.sources: dict[int, set[int]] = defaultdict(set)
        self.primitives: dict[int, set[str]] = defaultdict(set)
        self._calls = traced.calls
        self._layers = set(traced.layers)
        # Calls are numbered when they begin and listed when they end.
        self._outer = {
            number
            for place, number in enumerate(traced.layers)
            if any(earlier > number for earlier in traced.layers[:place])
        }
        self._node_of: dict[int, int] = {}

    def visit(
        self, equation: JaxprEqn, inputs: Sequence[int | None], place: Place
    ) -> Sequence[int | None]:
        """The node of each output of `equation`, whose `inputs` are nodes too; None of constants.

        An equation of a layer belongs to the layer's node. One outside of layers passes on the node
        of its input, or is a join of several.
        """
        name, layer = equation.primitive.name, place.layer
        before = list(dict.fromkeys(number for number in inputs if number is not None))
        if name == "name" and equation.params["name"].startswith("layer "):
            layer = int(equation.params["name"].removeprefix("layer "))
            inside = layer in self._layers
        else:
            inside = layer in self._layers and layer not in self._outer
        if inside and layer is not None:
            number = self._layer(layer)
            self.primitives[number].add(name)
            self.sources[number].update(source for source in before if source != number)
            return [number] * len(equation.outvars)
        if len(before) < 2:
            return [*before, None][:1] * len(equation.outvars)
        return [self._join(equation, before)] * len(equation.outvars)

    def nodes(self) -> list[Node]:
        """The nodes met so far, numbered as they were met."""
        return [
            Node(
                row.name,
                self._kind(number, row),
                row.output_shape,
                row.parameters,
                tuple(sorted(self.sources[number])),
            )
            for number, row in enumerate(self.rows)
        ]

    def _layer(self, layer: int) -> int:
        if layer not in self._node_of:
            self._node_of[layer] = len(self.rows)
            self.rows.append(self._calls[layer])
        return self._node_of[layer]

    def _join(self, equation: JaxprEqn, before: list[int]) -> int:
        name, shape = str(equation.primitive.name), shape_of(equation.outvars[0])
        self.rows.append(LayerRow(_SIGNS.get(name, name), shape[1:], 0))
        number = len(self.rows) - 1
        self.sources[number].update(before)
        self.primitives[number].add("join")
        return number

    def _kind(self, number: int, row: LayerRow) -> str:
        if number < self._inputs:
            return "input"
        found = self.primitives[number]
        return next((kind for mark, kind in _KINDS if found & mark), "operation")


_SIGNS = {"add": "+", "add_any": "+", "sub": "−", "mul": "×", "concatenate": "concat"}
_KINDS = (
    ({"join"}, "join"),
    ({"scan", "while"}, "recurrent"),
    ({"conv_general_dilated"}, "convolution"),
    ({"dot_general"}, "dense"),
    ({"gather"}, "embedding"),
    ({"rsqrt"}, "normalisation"),
    ({"reduce_window", "reduce_window_max", "reduce_window_sum", "reduce_max"}, "pooling"),
)


def _without_dead_joins(nodes: list[Node], outputs: set[int]) -> tuple[Node, ...]:
    """The nodes without joins that feed neither a layer nor the output, numbered anew."""
    alive: set[int] = set()
    for number in reversed(range(len(nodes))):
        if nodes[number].kind != "join" or number in outputs | alive:
            alive.update((number, *nodes[number].sources))
    places = {number: place for place, number in enumerate(sorted(alive))}
    return tuple(
        nodes[number]._replace(sources=tuple(places[source] for source in nodes[number].sources))
        for number in places
    )
