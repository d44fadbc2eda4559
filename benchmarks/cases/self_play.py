"""Self-play in Connect Four: a search before each move, with a net of residual blocks.

Games × simulations, with 3 blocks of 32 maps, or in "small" with 2 blocks of 16. Of each game the
first moves are played, drawn in proportion to the visits. The search is PUCT in all systems: "dl"
compiles search and play into one program, "mctx" puts `mctx.muzero_policy` into the same program,
PyTorch evaluates the leaves of a search in NumPy that works on all games at once.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks.board import dl_network, torch_network
from benchmarks.systems import on_numpy, on_torch

UNIT = "positions/s"
C_PUCT = 1.25


class Shape(NamedTuple):
    """The size of a search, and of the net that it asks."""

    games: int
    simulations: int
    features: int = 32
    blocks: int = 3


def with_dl(shape: Shape, quick: bool) -> Workload:
    from dl.games import named, search

    def visits(key: Any, positions: Any, evaluate: Any) -> Any:
        simulations = _simulations(shape, quick)
        found = search(
            key, positions, evaluate, named("connect_four"), simulations=simulations, c_puct=C_PUCT
        )
        return found.visits

    return _compiled(shape, quick, visits)


def with_mctx(shape: Shape, quick: bool) -> Workload:
    import jax
    import jax.numpy as jnp

    from dl.games import named

    mctx: Any = import_module("mctx")
    game = named("connect_four")

    def visits(key: Any, positions: Any, evaluate: Any) -> Any:
        def told(positions: Any) -> tuple[Any, Any]:
            logits, values = evaluate(key, positions)
            return jnp.where(jax.vmap(game.legal)(positions), logits, -1e9), values

        def recurrent(_: Any, key: Any, move: Any, positions: Any) -> tuple[Any, Any]:
            after = jax.vmap(game.play)(positions, move)
            logits, values = told(after)
            discount = jnp.where(jax.vmap(game.over)(after), 0.0, -1.0)
            reward = -jax.vmap(game.result)(after)
            return mctx.RecurrentFnOutput(
                reward=reward, discount=discount, prior_logits=logits, value=values
            ), after

        logits, values = told(positions)
        found = mctx.muzero_policy(
            {},
            key,
            mctx.RootFnOutput(prior_logits=logits, value=values, embedding=positions),
            recurrent,
            _simulations(shape, quick),
            invalid_actions=~jax.vmap(game.legal)(positions),
            qtransform=lambda tree, node: tree.qvalues(node),
            dirichlet_fraction=0.0,
            pb_c_init=C_PUCT,
            pb_c_base=1e9,
        )
        return found.action_weights

    return _compiled(shape, quick, visits)


def with_torch(shape: Shape, quick: bool) -> Workload:
    import torch

    device = on_torch.set_up()
    network = torch_network(shape.features, shape.blocks).to(device).eval()
    random = np.random.default_rng(0)

    @torch.inference_mode()
    def evaluate(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, values = network(torch.from_numpy(planes).to(device))
        return logits.cpu().numpy(), values.cpu().numpy()

    def run() -> None:
        boards = on_numpy.starts(shape.games)
        for _ in range(_moves(quick)):
            trees = on_numpy.Trees(boards, evaluate, _simulations(shape, quick), C_PUCT)
            odds = np.log(np.maximum(trees.visits[:, 0], 1e-30)) + random.gumbel(
                size=(shape.games, 7)
            )
            boards = on_numpy.play(boards, odds.argmax(1))

    return Workload(run, shape.games * _moves(quick))


FAMILIES = {
    "self_play": {
        f"self_play_{games}x{simulations}": Shape(games, simulations)
        for games, simulations in ((32, 64), (128, 32), (128, 64), (128, 128))
    }
    | {"self_play_small": Shape(128, 64, features=16, blocks=2)}
}
SYSTEMS = {"dl": with_dl, "mctx": with_mctx, "torch": with_torch}


def _compiled(shape: Shape, quick: bool, visits: Callable[..., Any]) -> Workload:
    """A workload that plays with `visits(key, positions, evaluate)` [B, A] in one program."""
    import jax
    import jax.numpy as jnp

    from dl.games import named
    from dl.games.evaluators import by_net

    game, model, games = (
        named("connect_four"),
        dl_network(shape.features, shape.blocks),
        shape.games,
    )
    params, state = model.init(jax.random.key(0), jnp.zeros((1, *game.planes)))

    @jax.jit
    def play_on(params: Any, key: Any) -> Any:
        evaluate = by_net(model, params, state, game)

        def move_on(positions: Any, key: Any) -> tuple[Any, None]:
            search_key, draw_key = jax.random.split(key)
            odds = jnp.log(visits(search_key, positions, evaluate))
            move = jax.random.categorical(draw_key, odds).astype(jnp.int32)
            return jax.vmap(game.play)(positions, move), None

        keys = jax.random.split(key, _moves(quick))
        return jax.lax.scan(move_on, game.starts(games), keys)[0]

    key = jax.random.key(1)
    return Workload(lambda: jax.block_until_ready(play_on(params, key)), games * _moves(quick))


def _moves(quick: bool) -> int:
    return 1 if quick else 4


def _simulations(shape: Shape, quick: bool) -> int:
    return min(shape.simulations, 8) if quick else shape.simulations
