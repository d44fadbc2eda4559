"""The mean over views: probabilities are averaged outside training, and training is that of the
model itself.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.models.views import mirrored
from dl.types import Model

PICTURES = jax.random.normal(jax.random.key(1), (4, 8, 8, 1))
VIEWS = (lambda pictures: pictures, mirrored, lambda pictures: jnp.roll(pictures, 1, axis=1))


@pytest.fixture(scope="module")
def net() -> Model:
    return dl.models.mlp(3, hidden_sizes=(5,), dropout=0.5)


def test_probabilities_are_those_of_the_views_averaged(net: Model) -> None:
    params, state = net.init(jax.random.key(0), PICTURES)
    got = jax.nn.softmax(dl.models.averaged(net, *VIEWS).apply(params, state, PICTURES)[0])
    alone = [jax.nn.softmax(net.apply(params, state, view(PICTURES))[0]) for view in VIEWS]
    np.testing.assert_allclose(got, np.mean(alone, axis=0), rtol=1e-5)
    assert np.abs(got - alone[0]).max() > 1e-3


def test_training_is_that_of_the_model_itself(net: Model) -> None:
    model, key = dl.models.averaged(net, *VIEWS), jax.random.key(2)
    params, state = model.init(jax.random.key(0), PICTURES)
    for got, expected in zip(
        jax.tree.leaves((params, model.apply(params, state, PICTURES, train=True, key=key))),
        jax.tree.leaves((params, net.apply(params, state, PICTURES, train=True, key=key))),
        strict=True,
    ):
        np.testing.assert_array_equal(got, expected)


def test_an_unlikely_class_stays_finite(net: Model) -> None:
    params, state = net.init(jax.random.key(0), PICTURES)
    certain = jax.tree.map(lambda leaf: 1e4 * leaf, params)
    assert np.isfinite(dl.models.averaged(net, *VIEWS).apply(certain, state, PICTURES)[0]).all()


def test_what_has_no_classes_is_refused() -> None:
    with pytest.raises(InputError, match="carries a state"):
        dl.models.averaged(dl.models.language_model("gru", 3, hidden_size=2), *VIEWS)
    yes_or_no = dl.models.averaged(dl.models.mlp(1, hidden_sizes=(2,)), *VIEWS)
    params, state = yes_or_no.init(jax.random.key(0), PICTURES)
    with pytest.raises(InputError, match="mlp has one output"):
        yes_or_no.apply(params, state, PICTURES)


def test_no_view_is_refused(net: Model) -> None:
    with pytest.raises(InputError, match="at least one"):
        dl.models.averaged(net)
