"""Max-pooling in ONNX models of jax2onnx, as runtimes can compute it.

jax2onnx 0.17 writes a pool of pictures [B, H, W, C] as one over four axes of [1, 1, B, H, W, C].
onnxruntime pools over three at most. The first axis has windows of one, and serves as the batch.
"""

from typing import Any

_FOUR = 4


def pool_three_axes(graph: Any) -> None:
    """Change `graph`, and the graphs of its loops: pools of four axes become pools of three.

    x -> [1, B, H, W, C] -> [1, 1, B, H, W, C] -> pool -> squeeze becomes x -> [B, 1, H, W, C] ->
    pool -> squeeze.
    """
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                pool_three_axes(attribute.g)
    makers = {output: node for node in graph.node for output in node.output}
    readers = {name: node for node in graph.node for name in node.input}
    pools = [node for node in graph.node if node.op_type == "MaxPool" and _is_of_four(node)]
    for pool in pools:
        second = makers[pool.input[0]]
        first, squeeze = makers[second.input[0]], readers[pool.output[0]]
        second.input[0] = first.input[0]
        squeeze.input[1] = second.input[1]  # the one axis that was put in
        for attribute in pool.attribute:
            _drop_first_axis(attribute.ints)
        graph.node.remove(first)
        _forget_shapes(graph, {first.output[0], second.output[0], pool.output[0]})


def _is_of_four(pool: Any) -> bool:
    (kernel,) = (each.ints for each in pool.attribute if each.name == "kernel_shape")
    return len(kernel) == _FOUR and kernel[0] == 1


def _drop_first_axis(numbers: Any) -> None:
    """Of four numbers the first, of pads also the first of the other end."""
    if len(numbers) == 2 * _FOUR:
        del numbers[_FOUR]
    if len(numbers):
        del numbers[0]


def _forget_shapes(graph: Any, names: set[str]) -> None:
    for stale in [value for value in graph.value_info if value.name in names]:
        graph.value_info.remove(stale)
