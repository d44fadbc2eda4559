"""A population in one call: what it refuses, and the same numbers as `dl.fit` of one net."""

from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.errors import InputError

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = np.arange(60) % 3
OPTIONS = dl.TrainOptions(epochs=2, batch_size=20, optimizer="adam", validation=0.0)


def recipe() -> dl.Recipe:
    model = dl.models.mlp(3, hidden_sizes=(8,))
    return dl.Recipe(model, dl.objectives.classification(model))


@pytest.mark.slow
def test_members_that_differ_in_a_rate_are_the_nets_of_these_rates() -> None:
    rates = [0.1, 0.01]
    varied = {"learning_rate": rates}
    population = dl.train_population(recipe(), (X, Y), OPTIONS, varied=varied, progress=False)
    for rate, member in zip(rates, population.members, strict=True):
        options = dl.TrainOptions(**{**vars(OPTIONS), "learning_rate": rate})
        alone = dl.fit(recipe(), (X, Y), options, progress=False)
        for own, other in zip(
            jax.tree.leaves(member.params), jax.tree.leaves(alone.params), strict=True
        ):
            np.testing.assert_allclose(own, other, rtol=2e-4, atol=2e-5)
    mean = np.mean([np.asarray(each.probabilities(X)) for each in population.members], axis=0)
    np.testing.assert_allclose(population.probabilities(X), mean, rtol=1e-5)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, "give one of the two"),
        ({"members": 2, "varied": {"learning_rate": [0.1, 0.2]}}, "give one of the two"),
        ({"varied": {"learning_rate": [0.1, 0.2], "l1": [0.1]}}, "'learning_rate': 2, 'l1': 1"),
        ({"varied": {"hidden_size": [8, 16]}}, "hidden_size"),
        ({"members": -1}, "members is -1"),
    ],
)
def test_populations_that_cannot_be_are_refused(how: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        dl.train_population(recipe(), (X, Y), OPTIONS, progress=False, **how)
