"""A player for tests that likes the later places better, by one search that all tests share."""

from typing import Any

import jax.numpy as jnp
from jax.tree_util import Partial

from dl.games.game import named
from dl.games.thinking import Thinker

TIC_TAC_TOE = named("tic_tac_toe")
SIMULATIONS = 30


def _prefer(logits: Any, key: Any, positions: Any) -> Any:
    return jnp.broadcast_to(logits, (len(positions.made), 9)), jnp.zeros(len(positions.made))


def player(simulations: int = SIMULATIONS) -> Thinker:
    """Its probabilities grow from a3 to c1, and all positions are worth 0 to it."""
    evaluate = Partial(_prefer, jnp.linspace(0.0, 2.0, 9))
    return Thinker("the later the better", TIC_TAC_TOE, evaluate, simulations)
