"""An objective on turned and mirrored copies of the boards of a game."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from dl.games.game import Symmetry
from dl.objectives.binding import bound_to, smoothing_of, task_of
from dl.types import Array, Batch, Carry, Key, Metrics, Model, ModelState, Objective, Params


def on_symmetric_copies(objective: Objective, symmetries: Sequence[Symmetry]) -> Objective:
    """`objective`, in training on a copy of each board under a symmetry that is drawn at random.

    A target that is a move [B] becomes the move that it is on the copy; other targets, such as the
    result [B, 1], stay. The key of a draw depends on the step and on the number of the example.
    Evaluation sees the boards as they are. Source: Silver et al. 2016, methods, "Symmetries".

    >>> import dl
    >>> from dl.games.game import named
    >>> model = dl.models.mlp(7, hidden_sizes=())
    >>> mirrored = on_symmetric_copies(
    ...     dl.objectives.classification(model), named("connect_four").symmetries
    ... )
    >>> dl.objectives.binding.task_of(mirrored)
    'classification'
    """

    def symmetric(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        if train and key is not None:
            key, own = jax.random.split(key)
            batch = _copied(own, batch, symmetries)
        return objective(params, model_state, batch, train=train, key=key, carry=carry)

    def rebind(model: Model) -> Objective:
        return on_symmetric_copies(bound_to(objective, model), symmetries)

    symmetric.__dict__.update(
        task=task_of(objective), label_smoothing=smoothing_of(objective), rebind=rebind
    )
    return symmetric


def _copied(key: Key, batch: Batch, symmetries: Sequence[Symmetry]) -> Batch:
    keys = jax.vmap(lambda index: jax.random.fold_in(key, index))(batch["index"])
    drawn = jax.vmap(lambda own: jax.random.randint(own, (), 0, len(symmetries)))(keys)
    copy = partial(_copy, [symmetry.planes for symmetry in symmetries])
    targets = batch["targets"]
    if targets.ndim == 1:
        moves = jnp.stack([jnp.asarray(symmetry.moves) for symmetry in symmetries])
        targets = moves[drawn, targets].astype(targets.dtype)
    return {**batch, "inputs": jax.vmap(copy)(drawn, batch["inputs"]), "targets": targets}


def _copy(turns: Sequence[Any], drawn: Array, planes: Array) -> Array:
    return jax.lax.switch(drawn, turns, planes)
