"""An objective on turned and mirrored copies of the boards of a game."""

import jax
import jax.numpy as jnp

from dl.games.game import Game
from dl.games.symmetric import turned
from dl.layers.row_keys import example_keys
from dl.objectives.binding import bound_to, smoothing_of, task_of
from dl.types import Batch, Carry, Key, Metrics, Model, ModelState, Objective, Params


def on_symmetric_copies(objective: Objective, game: Game) -> Objective:
    """`objective`, in training on a copy of each board under a symmetry that is drawn at random.

    A target that is a move [B] becomes the move that it is on the copy; other targets, such as the
    result [B, 1], stay. The key of a draw depends on the step and on the number of the example.
    Evaluation sees the boards as they are. Source: Silver et al. 2016, methods, "Symmetries".

    >>> import dl
    >>> model = dl.models.mlp(7, hidden_sizes=())
    >>> mirrored = on_symmetric_copies(
    ...     dl.objectives.classification(model), dl.games.named("connect_four")
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
            batch = _copied(own, batch, game)
        return objective(params, model_state, batch, train=train, key=key, carry=carry)

    def rebind(model: Model) -> Objective:
        return on_symmetric_copies(bound_to(objective, model), game)

    symmetric.__dict__.update(
        task=task_of(objective), label_smoothing=smoothing_of(objective), rebind=rebind
    )
    return symmetric


def _copied(key: Key, batch: Batch, game: Game) -> Batch:
    keys = example_keys(key, batch["index"])
    kinds = len(game.symmetries)
    drawn = jax.vmap(lambda own: jax.random.randint(own, (), 0, kinds))(keys)
    (inputs,) = jax.vmap(lambda number, planes: turned(game, number, planes))(
        drawn, batch["inputs"]
    )
    targets = batch["targets"]
    if targets.ndim == 1:
        became = jnp.stack([jnp.asarray(symmetry.moves) for symmetry in game.symmetries])
        targets = became[drawn, targets].astype(targets.dtype)
    return {**batch, "inputs": inputs, "targets": targets}
