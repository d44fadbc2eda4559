"""What each task asks of a model: its targets, what its outputs mean, and what they are called.

A new task is a row of `TASKS`.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

TaskName: TypeAlias = Literal["classification", "binary", "regression", "language", "frames"]
Shape: TypeAlias = tuple[int, ...]


class Task(NamedTuple):
    """One kind of prediction."""

    target: Callable[[Shape, int], tuple[Shape, Any]]
    """Shape of an example's inputs and number of outputs -> shape and type of its target."""
    outputs: str
    """What the outputs are called, in the plural."""
    probabilities: Callable[[jax.Array], jax.Array] | None
    """From a model's outputs to probabilities; None where outputs are not probabilities."""
    chooses: bool = False
    """Whether the prediction is one class out of several."""
    step_targets: bool = False
    """Whether every step of a sequence has a target."""
    predicts_symbols: bool = False
    """Whether the classes are the symbols of the vocabulary."""


TASKS: dict[str, Task] = {
    "classification": Task(
        lambda shape, outputs: ((), jnp.int32), "classes", jax.nn.softmax, chooses=True
    ),
    "binary": Task(
        lambda shape, outputs: ((outputs,), jnp.float32), "yes-or-no outputs", jax.nn.sigmoid
    ),
    "regression": Task(lambda shape, outputs: ((outputs,), jnp.float32), "numbers", None),
    "language": Task(
        lambda shape, outputs: (shape, jnp.int32),
        "symbols",
        jax.nn.softmax,
        step_targets=True,
        predicts_symbols=True,
    ),
    "frames": Task(
        lambda shape, outputs: ((shape[0], outputs), jnp.float32),
        "yes-or-no outputs",
        jax.nn.sigmoid,
        step_targets=True,
    ),
}
