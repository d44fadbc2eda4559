"""Random raw inputs for an exported net, and what the net itself answers for them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.gather import normalize
from dl.data.spec import DataSpec
from dl.exports.ports import Port, Side, as_inputs
from dl.layers.precision import in_float32
from dl.train.network import Network
from dl.types import Autoencoder


def random_arrays(
    ports: tuple[Port, ...], spec: DataSpec, *, batch: int, steps: int = 6
) -> tuple[np.ndarray, ...]:
    """Arrays for these ports, with sequences of `steps`; behind their lengths stands noise too."""
    rng = np.random.default_rng(0)
    sides: dict[Any, int] = {"batch": batch, "steps": steps, "written": 4}
    longest = _number(ports[0].shape[1], sides)

    def draw(port: Port) -> np.ndarray:
        shape = tuple(_number(side, sides) for side in port.shape)
        if port.name == "lengths":
            return rng.integers(max(1, longest // 2), longest + 1, shape).astype(port.dtype)
        if spec.catalogue is not None and spec.task != "retrieval":
            most = len(spec.catalogue.users), len(spec.catalogue.items)
            return rng.integers(0, most, shape).astype(port.dtype)
        if port.name == "previous" or spec.has_symbols:
            read = spec.vocabulary if port.name == "previous" else None
            symbols = read or spec.source_vocabulary or spec.vocabulary
            return rng.integers(0, len(symbols), shape).astype(port.dtype)
        if spec.task == "retrieval" or spec.game:
            return rng.integers(0, 2, shape).astype(port.dtype)
        if port.dtype == "float32":
            return rng.normal(size=shape).astype(port.dtype)
        return rng.integers(0, 256 if port.dtype == "uint8" else 9000, shape).astype(port.dtype)

    return tuple(map(draw, ports))


def _number(side: Side, sides: dict[Any, int]) -> int:
    return sides[side] if isinstance(side, str) else side


def own_answers(network: Network, arrays: tuple[np.ndarray, ...]) -> dict[str, Any]:
    """What the net answers by itself, with the layers that are fast here."""
    spec = network.described
    ready = normalize(jax.tree.map(jnp.asarray, as_inputs(arrays, spec)), spec)
    apply = jax.jit(lambda *tree: in_float32(network.model.apply(*tree)[0]))
    outputs = apply(network.params, network.model_state, ready)
    if isinstance(network.model, Autoencoder):
        return {"reconstruction": outputs, "code": network.model.encode(network.params, ready)}
    if spec.kind.probabilities is None:
        return {"outputs": outputs}
    return {"outputs": outputs, "probabilities": spec.kind.probabilities(outputs)}


def largest_difference(answers: dict[str, Any], expected: dict[str, Any]) -> float:
    """The largest difference of two answers, against numbers of at least 1."""
    assert answers.keys() == expected.keys()
    pairs = [(np.asarray(answers[name]), np.asarray(expected[name])) for name in expected]
    assert all(a.shape == b.shape for a, b in pairs)
    return max(float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))) for a, b in pairs)
