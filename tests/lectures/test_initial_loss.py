"""B4: before training, a balanced K-class net has a cross-entropy of about ln K."""

from dataclasses import replace

import jax
import pytest

import dl
from dl.checks import Subject, initial_loss
from dl.train.layout import make_layout

OPTIONS = dl.TrainOptions(dataset="digits", epochs=1, batch_size=64, validation=0.0, devices=1)
DIGITS = dl.load_data("digits")


def test_b4_ten_equal_outputs_lose_2_303_nats() -> None:
    """ln 10 = 2.302585, from a table of logarithms."""
    model = dl.models.mlp(10, hidden_sizes=(32,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    subject = Subject(recipe, DIGITS, OPTIONS, make_layout(devices=1, batch_size=64))
    finding = initial_loss(subject)
    assert finding.result == "passed"
    assert finding.expected == "about ln 10 = 2.303"
    assert finding.value == pytest.approx(2.302585, rel=0.5)
    state = replace(subject.state, params=jax.tree.map(lambda leaf: 0 * leaf, subject.state.params))
    sums = dl.make_eval_step(recipe.objective)(state, subject.batch(64))
    assert dl.metrics.compute(sums)["loss"] == pytest.approx(2.302585, rel=1e-5)
