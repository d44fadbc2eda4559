"""What each task asks of a model: its targets, the meaning of its outputs, and their name.

A new task is a row of `TASKS` and a word of `TaskName`.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

TaskName: TypeAlias = Literal[
    "classification",
    "binary",
    "regression",
    "language",
    "frames",
    "sequence",
    "transcription",
    "retrieval",
    "play",
]
Shape: TypeAlias = tuple[int, ...]


class Task(NamedTuple):
    """One kind of prediction."""

    target: Callable[[Shape, int], tuple[Shape, Any]]
    """From an example's input shape and the number of outputs to its target's shape and type."""
    outputs: str
    """What outputs are called, in the plural."""
    probabilities: Callable[[jax.Array], jax.Array] | None
    """From a model's outputs to probabilities; None if outputs are not probabilities."""
    chooses: bool = False
    """Whether a prediction is one of several classes."""
    step_targets: bool = False
    """Whether every step of a sequence has a target."""
    predicts_symbols: bool = False
    """Whether the classes are the symbols of the vocabulary."""
    target_sequences: bool = False
    """Whether a target is a sequence with a length of its own; `target` is then one symbol."""


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
    "sequence": Task(
        lambda shape, outputs: ((), jnp.int32),
        "symbols",
        jax.nn.softmax,
        predicts_symbols=True,
        target_sequences=True,
    ),
    "transcription": Task(
        lambda shape, outputs: ((), jnp.int32), "labels", jax.nn.softmax, target_sequences=True
    ),
    "retrieval": Task(lambda shape, outputs: ((), jnp.int32), "items", jax.nn.softmax),
    "play": Task(lambda shape, outputs: ((outputs,), jnp.float32), "moves and the value", None),
}
