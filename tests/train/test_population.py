"""A population in one program is its members, each trained alone; eight CPU devices are there to
split over.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError

EXAMPLE = jax.ShapeDtypeStruct((1, 4), jnp.float32)


@cache
def training():
    """The first state for a seed, and three steps from it."""
    model = dl.models.mlp(3, hidden_sizes=(5,))
    optimizer = dl.optimizers.sgd(0.1)
    steps = dl.scan_steps(dl.make_train_step(dl.objectives.classification(model), optimizer))
    return lambda seed: dl.init_state(model, optimizer, EXAMPLE, seed=seed), steps


def batches():
    inputs = jax.random.normal(jax.random.key(0), (3, 6, 4))
    count = jnp.zeros((3, 6), jnp.int32)
    return {
        "inputs": inputs,
        "targets": count + jnp.arange(6) % 3,
        "mask": jnp.ones((3, 6)),
        "index": count,
    }


@cache
def trained_alone(member):
    init, steps = training()
    trained, sums = jax.jit(steps)(jax.jit(init)(member), batches())
    return trained.params, sums


def assert_close(ours, reference):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), ours, reference
    )


@pytest.mark.parametrize(
    ("members", "devices"),
    [
        (16, 8),
        *(
            pytest.param(*sizes, marks=pytest.mark.slow)
            for sizes in ((8, 8), (6, 6), (5, 5), (3, 2), (1, 8))
        ),
    ],
)
def test_members_are_those_trained_alone(members, devices):
    init, steps = training()
    of_devices = jax.devices()[:devices]
    population = dl.map_population(init, members, of_devices)(np.arange(members))
    trained, sums = dl.map_population(steps, members, of_devices)(population, batches())
    for member in range(members):
        mine = jax.tree.map(lambda leaf, i=member: leaf[i], (trained.params, sums))
        assert_close(mine, trained_alone(member))


def test_members_are_split_over_the_devices_that_divide_them():
    population = dl.map_population(jnp.sin, 12)(jnp.arange(12.0))
    assert {shard.data.shape for shard in population.addressable_shards} == {(2,)}
    assert (
        len(dl.map_population(jnp.sin, 7, jax.devices()[:4])(jnp.arange(7.0)).addressable_shards)
        == 1
    )


def test_members_are_given_up():
    members = dl.map_population(jnp.sin, 8)(jnp.arange(8.0))
    dl.map_population(jnp.cos, 8)(members)
    assert members.is_deleted()


def test_what_is_no_population_is_refused():
    with pytest.raises(InputError, match="at least 1 member, not 0"):
        dl.map_population(jnp.sin, 0)
    with pytest.raises(
        InputError, match=r"population of 4 needs leaves \[4, ...\], but w has shape \(3,\)"
    ):
        dl.map_population(lambda tree: tree, 4)({"w": jnp.ones(3)})
    with pytest.raises(InputError, match=r"the argument has shape \(\)"):
        dl.map_population(jnp.sin, 4)(1.0)
