"""Graphs of jax2onnx 0.17 as runtimes can compute them."""

from typing import Any

_FOUR = 4


def repair(graph: Any) -> None:
    """Change `graph`, and the graphs of its loops, where onnxruntime would refuse them.

    The notes on shapes inside the graph are dropped, because some are of the order of axes before
    the converter changed it; runtimes find the shapes themselves. Pools of four axes become pools
    of three.
    """
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                repair(attribute.g)
    del graph.value_info[:]
    _pool_three_axes(graph)


def _pool_three_axes(graph: Any) -> None:
    """Pool pictures [B, H, W, C] as [B, 1, H, W, C], with B as the batch.

    jax2onnx pools over all axes of [1, 1, B, H, W, C], and onnxruntime over three at most: x ->
    [1, B, H, W, C] -> [1, 1, B, H, W, C] -> pool -> squeeze becomes x -> [B, 1, H, W, C] -> pool ->
    squeeze.
    """
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


def _is_of_four(pool: Any) -> bool:
    (kernel,) = (each.ints for each in pool.attribute if each.name == "kernel_shape")
    return len(kernel) == _FOUR and kernel[0] == 1


def _drop_first_axis(numbers: Any) -> None:
    """Of four numbers the first, of pads also the first of the other end."""
    if len(numbers) == 2 * _FOUR:
        del numbers[_FOUR]
    if len(numbers):
        del numbers[0]
