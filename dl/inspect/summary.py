"""A model's layers: what comes out of each, and how many parameters it has."""

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from dl.types import LayerRow, Model


@dataclass(frozen=True)
class Summary:
    """A model's name and layers, in the order of their calls."""

    name: str
    input_shape: tuple[int, ...]
    layers: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """The parameters of all layers."""
        return sum(row.parameters for row in self.layers)


def summarize(model: Model, input_shape: tuple[int, ...], *, name: str | None = None) -> Summary:
    """The summary of `model` for inputs of `input_shape` (one example), traced and not computed.

    >>> import dl
    >>> summarize(dl.models.mlp(10), (784,)).parameters
    101770
    """
    inputs = jax.ShapeDtypeStruct((1, *input_shape), jnp.float32)
    return Summary(name or model.name, input_shape, tuple(model.layers(inputs)))


def as_text(summary: Summary) -> str:
    """A table for people."""
    rows = [("input", _times(summary.input_shape), "")]
    rows += [(row.name, _times(row.output_shape), f"{row.parameters:,}") for row in summary.layers]
    rows += [("total", "", f"{summary.parameters:,}")]
    widths = [max(len(row[column]) for row in [("layer", "output", "parameters"), *rows]) for column in range(3)]
    lines = [("layer", "output", "parameters"), *rows]
    table = "\n".join(
        f"{name:<{widths[0]}}  {shape:>{widths[1]}}  {count:>{widths[2]}}" for name, shape, count in lines
    )
    return f"{summary.name}\n{table}"


def as_json(summary: Summary) -> str:
    """`{"name", "parameters", "layers": [{"name", "output_shape", "parameters"}]}`."""
    layers = [{**row._asdict(), "output_shape": list(row.output_shape)} for row in summary.layers]
    return json.dumps({"name": summary.name, "parameters": summary.parameters, "layers": layers}, indent=2)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
