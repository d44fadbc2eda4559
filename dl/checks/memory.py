"""What one training step needs of memory, estimated from shapes."""

from functools import partial
from typing import Any

import jax

from dl.checks.finding import Finding
from dl.checks.subject import Subject
from dl.data.sources.source import distinct_arrays
from dl.layers.precision import computing_in
from dl.layers.remat import blocks_again
from dl.train.memory import memory_of, size_in_bytes
from dl.types import Params, PyTree

NAME = "memory"


def memory_of_a_step(subject: Subject) -> Finding:
    """Parameters, their gradients, optimizer state, data, and what waits for the backward pass.

    Nothing is compiled: the values that the backward pass needs from the forward pass are those
    that `jax.vjp` keeps, by their shapes. This is an estimate: the compiler may compute some of
    them again, and needs further room for what it computes.
    """
    layout, options = subject.layout, subject.options
    devices = len(layout.devices)
    state = subject.state
    kept = kept_for_backward(subject, max(1, options.batch_size // devices // options.accumulate))
    parts = {
        "parameters and gradients": 2 * size_in_bytes(state.params),
        "optimizer and other state": size_in_bytes(
            (state.opt_state, state.model_state, state.average, state.average_state)
        ),
        "data": size_in_bytes(distinct_arrays(subject.data.train.resident())),
        "for the backward pass": kept,
    }
    total, room = sum(parts.values()), memory_of(layout.devices[0])
    shared = devices if layout.devices[0].platform == "cpu" else 1  # all CPU devices share one
    found = f"{in_mib(total * shared)}, {in_mib(kept * shared)} of it for the backward pass"
    if room is None:
        return Finding(NAME, "information", found, value=float(total * shared))
    expected = f"at most {in_mib(room)}"
    if total * shared > room:
        remedy = "take a smaller --batch-size or a smaller net: " + ", ".join(
            f"{part} {in_mib(size * shared)}" for part, size in parts.items()
        )
        return Finding(NAME, "failed", found, expected, remedy, float(total * shared))
    return Finding(NAME, "passed", found, expected, value=float(total * shared))


def kept_for_backward(subject: Subject, rows: int) -> int:
    """The bytes that the forward pass of a batch of `rows` keeps, without the parameters."""
    few = subject.batch(rows)
    state = subject.state_for(few)

    def residuals(params: Params, batch: PyTree) -> Any:
        loss = partial(_loss, subject, state, batch)
        return jax.vjp(loss, params)[1]

    kept = jax.eval_shape(residuals, state.params, few)
    return max(0, size_in_bytes(kept) - size_in_bytes(state.params))


def _loss(subject: Subject, state: Any, batch: PyTree, params: Params) -> Any:
    with computing_in(subject.options.precision), blocks_again(subject.options.remat):
        sums, _, _ = subject.recipe.objective(
            params, state.model_state, batch, train=True, key=state.key, carry=state.carry
        )
    return sums["loss"].sum


def in_mib(size: float) -> str:
    """A number of bytes as text, in MiB (2²⁰ bytes).

    >>> in_mib(3 * 2**20)
    '3.0 MiB'
    """
    return f"{size / 2**20:,.1f} MiB"
