"""One layer after the other: the optimizer of greedy pre-training."""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.types import Array, Params, PyTree


class _Turn(NamedTuple):
    """How many steps were made in all, and the state of the optimizer that waits or works."""

    step: Array
    inner: PyTree


def in_turn(
    optimizers: Mapping[str, optax.GradientTransformation], *, steps: int
) -> optax.GradientTransformation:
    """Trains one layer after the other, for `steps` steps each; the last to the end.

    `optimizers` has one for every layer of the parameters, in the order of their turns. A layer
    whose turn it is not keeps every bit, without weight decay; the schedule and the momentum of
    each begin with its turn. The loss is `dl.objectives.contrastive_divergence` of a stack, with
    the same number of steps. Source: F4; Hinton, Osindero & Teh 2006.

    Raises:
        InputError: for less than one step; in `init`, for other layers than those of the
            parameters.

    >>> import dl
    >>> both = in_turn({"low": dl.optimizers.sgd(0.5), "high": dl.optimizers.sgd(0.5)}, steps=1)
    >>> params = {"low": {"w": jnp.zeros(1)}, "high": {"w": jnp.zeros(1)}}
    >>> updates, _ = both.update(jax.tree.map(jnp.ones_like, params), both.init(params), params)
    >>> updates["low"]["w"].tolist(), updates["high"]["w"].tolist()
    ([-0.5], [-0.0])
    """
    check_number("steps", steps, Range(at_least=1), whole=True)
    starts = [number * steps for number in range(len(optimizers))]
    turns: dict[Hashable, optax.GradientTransformation] = {
        name: _during(optimizer, start, end)
        for (name, optimizer), start, end in zip(
            optimizers.items(), starts, [*starts[1:], None], strict=True
        )
    }

    def labels(params: Params) -> PyTree:
        if set(params) != set(optimizers):
            raise InputError(
                f"the turns are of {', '.join(optimizers)}, the parameters are "
                f"{', '.join(params)}: give an optimizer for each"
            )
        return {name: name for name in params}

    return optax.partition(turns, labels)


def _during(
    optimizer: optax.GradientTransformation, start: int, end: int | None
) -> optax.GradientTransformation:
    """`optimizer` from step `start` until before step `end`; nothing changes at other times."""
    optimizer = optax.with_extra_args_support(optimizer)

    def init(params: Params) -> _Turn:
        return _Turn(jnp.zeros((), jnp.int32), optimizer.init(params))

    def update(
        updates: PyTree, state: Any, params: Params | None = None, **extra: Any
    ) -> tuple[PyTree, _Turn]:
        def work() -> tuple[PyTree, PyTree]:
            return optimizer.update(updates, state.inner, params, **extra)

        def wait() -> tuple[PyTree, PyTree]:
            # −0, since adding +0 would turn −0 into +0.
            return jax.tree.map(lambda leaf: -jnp.zeros_like(leaf), updates), state.inner

        active = state.step >= start
        if end is not None:
            active &= state.step < end
        changed, inner = jax.lax.cond(active, work, wait)
        return changed, _Turn(state.step + 1, inner)

    return optax.GradientTransformationExtraArgs(init, update)  # type: ignore[arg-type]
