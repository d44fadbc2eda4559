"""Augmentations that follow each other and give pictures of different sizes: the steps are those of
a plain loop.
"""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from flax import linen as nn

import dl
from dl.data.augment import Stages, random_crop
from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.batching import steps_per_epoch, train_batches
from dl.errors import InputError
from dl.train.compiled import compile_recipe
from dl.train.layout import make_layout
from dl.train.state import first_state
from dl.train.step import augmented, make_train_step

OPTIONS = dl.TrainOptions(
    dataset="digits", epochs=1, batch_size=256, log_every=100, steps_per_call=3, devices=1
)
AUGMENTS, ENDS = (random_crop(12), random_crop(16), None), (2, 4)


class SmallNet(nn.Module):
    """A convolution, the mean of its maps, ten logits: of pictures of any size."""

    @nn.compact
    def __call__(self, inputs: Any, *, train: bool = False) -> Any:
        return nn.Dense(10)(nn.relu(nn.Conv(4, (3, 3))(inputs)).mean(axis=(1, 2)))


def make_recipe(*, any_size: bool) -> dl.Recipe:
    """One chunk of three steps has two stages in it."""
    model = (
        dl.models.from_linen(SmallNet(), name="small")
        if any_size
        else dl.models.mlp(10, hidden_sizes=(4,))
    )
    objective = dl.objectives.classification(model)
    return dl.Recipe(model, objective, dl.optimizers.momentum(0.1), Stages(AUGMENTS, ENDS))


def trained_in_chunks(
    recipe: dl.Recipe, data: Dataset, options: dl.TrainOptions
) -> tuple[Any, int]:
    compiled = compile_recipe(
        recipe, data, options, make_layout(devices=1, batch_size=options.batch_size)
    )
    training, step = compiled.start(None), 0
    while step < compiled.plan.total_steps:
        end = compiled.plan.call_end(step)
        training, _ = compiled.advance(training, step, end)
        step = end
    return compiled.layout.fetch(training.state.params), compiled.guard.count


def trained_step_by_step(recipe: dl.Recipe, data: Dataset, options: dl.TrainOptions) -> Any:
    state, gather = first_state(recipe, data.spec, options), make_gather(data.train, data.spec)
    plain = make_train_step(recipe.objective, recipe.optimizer)
    steps = [jax.jit(augmented(plain, augment) if augment else plain) for augment in AUGMENTS]
    arrays = {"inputs": data.train.inputs, "targets": data.train.targets}
    for step in range(steps_per_epoch(len(data.train), options.batch_size)):
        row = train_batches(
            seed=options.seed,
            start=step,
            steps=1,
            examples=len(data.train),
            batch_size=options.batch_size,
        )
        batch = gather(arrays, jax.tree.map(lambda leaf: leaf[0], row))
        state, _ = steps[sum(step >= end for end in ENDS)](state, batch)
    return state.params


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_chunks_with_stages_equal_a_plain_loop(steps_per_call: int) -> None:
    data, recipe = dl.load_data("digits"), make_recipe(any_size=True)
    params, compilations = trained_in_chunks(
        recipe, data, replace(OPTIONS, steps_per_call=steps_per_call)
    )
    assert compilations == len(AUGMENTS)
    expected = trained_step_by_step(recipe, data, OPTIONS)
    for got, wanted in zip(jax.tree.leaves(params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-5)


def test_a_net_that_takes_one_size_alone_is_refused_before_training() -> None:
    says = (
        r"mlp does not take what the augmentation gives: \(12, 12, 1\) in the place of \(28, 28, "
        r"1\)"
    )
    with pytest.raises(InputError, match=says):
        dl.fit(make_recipe(any_size=False), dl.load_data("digits"), OPTIONS, progress=False)
