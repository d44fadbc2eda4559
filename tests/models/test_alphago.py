"""The nets of AlphaGo: shapes and ranges, and the fast policy beside its features."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.games.features import move_features
from dl.games.game import named
from dl.models import policy_net, rollout_policy, value_net

GAME = named("connect_four")
PLANES = jnp.zeros((2, 6, 7, 2)).at[1, 5, 3, 0].set(1)


def test_values_are_between_loss_and_win() -> None:
    model = value_net(features=2, layers=1, hidden_size=4)
    params, state = jax.jit(model.init)(jax.random.key(0), PLANES)
    far = jax.tree.map(lambda leaf: 50 * leaf, params)
    values = jax.jit(model.apply)(far, state, PLANES)[0]
    assert values.shape == (2, 1)
    assert (jnp.abs(values) <= 1).all()
    assert (jnp.abs(values) > 0.9).any()


def test_the_fast_policy_is_linear_in_its_features() -> None:
    model = rollout_policy(GAME)
    params, state = jax.jit(model.init)(jax.random.key(0), PLANES)
    assert not any(leaf.any() for leaf in jax.tree.leaves(params))  # uniform
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), params)
    logits = jax.jit(model.apply)(params, state, PLANES)[0]
    features = np.asarray(move_features(GAME, PLANES[1]))
    expected = features @ params["weights"] + params["bias"]
    np.testing.assert_allclose(logits[1], expected, rtol=1e-5)


@pytest.mark.parametrize("sizes", [{"features": 0}, {"features": -1}])
def test_sizes_below_one_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="features"):
        policy_net(7, **sizes)
