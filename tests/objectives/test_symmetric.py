"""Training on symmetric copies: boards and moves turn together, results stay."""

import jax
import jax.numpy as jnp
import numpy as np

from dl import metrics
from dl.games.game import named
from dl.objectives import on_symmetric_copies
from dl.types import Batch, Metrics

GAME = named("connect_four")
PLANES = np.random.default_rng(0).integers(0, 2, (64, 6, 7, 2)).astype(np.float32)
MOVES = np.arange(64, dtype=np.int32) % 7


def seen(targets: np.ndarray, *, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """What an objective is given."""
    given = []

    def objective(params, model_state, batch: Batch, **_) -> tuple[Metrics, dict, tuple]:
        given.append(batch)
        return {"loss": metrics.from_batch(jnp.zeros(64), batch["mask"])}, model_state, ()

    batch = {"inputs": PLANES, "targets": targets, "mask": jnp.ones(64), "index": jnp.arange(64)}
    key = jax.random.key(0) if train else None
    on_symmetric_copies(objective, GAME)({}, {}, batch, train=train, key=key)
    return np.asarray(given[0]["inputs"]), np.asarray(given[0]["targets"])


def test_some_boards_are_mirrored_with_their_moves() -> None:
    planes, moves = seen(MOVES, train=True)
    mirrored = np.array([bool((own != old).any()) for own, old in zip(planes, PLANES, strict=True)])
    assert 16 < mirrored.sum() < 48
    expected = np.where(mirrored[:, None, None, None], PLANES[:, :, ::-1], PLANES)
    assert (planes == expected).all()
    assert moves.tolist() == np.where(mirrored, 6 - MOVES, MOVES).tolist()


def test_results_and_evaluation_stay_as_they_are() -> None:
    results = np.ones((64, 1), np.float32)
    assert (seen(results, train=True)[1] == results).all()
    planes, moves = seen(MOVES, train=False)
    assert (planes == PLANES).all()
    assert (moves == MOVES).all()
