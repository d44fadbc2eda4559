"""What a contributor adds is small: each test adds one thing through a public table alone."""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.data.dataset import Dataset
from dl.data.load import READERS, Reader
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.data.tasks import TASKS, Task
from dl.types import Batch, Metrics, Model, Objective, Ratio


def load_counts(size: str, *, validation: float = 0.0) -> Dataset:
    """Counts that follow a Poisson distribution with rate exp(x): a file in `dl/data/readers/`."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-1.0, 1.0, (int(size), 1)).astype(np.float32)
    everything = ArraySource(x, generator.poisson(np.exp(x)).astype(np.float32))
    name = f"counts:{size}"
    names = ("count",)
    return dataset_of_parts(
        name, everything, everything, class_names=names, task="counting", validation=validation
    )


def poisson(model: Model) -> Objective:
    """E = exp(z) - t z, the negative log-likelihood of a count t at the rate exp(z)."""

    def objective(params, model_state, batch: Batch, *, train=False, key=None, carry=()):
        logits, model_state, carry = model.apply(
            params, model_state, batch["inputs"], train=train, key=key, carry=carry
        )
        losses = (jnp.exp(logits) - batch["targets"] * logits).sum(axis=1)
        loss = Ratio((losses * batch["mask"]).sum(), batch["mask"].sum())
        reported: Metrics = {"loss": loss}
        return reported, model_state, carry

    return objective


@pytest.fixture
def _added(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for the task, one for the data set."""
    counting = Task(lambda shape, outputs: ((outputs,), jnp.float32), "counts", None)
    monkeypatch.setitem(TASKS, "counting", counting)
    monkeypatch.setitem(READERS, "counts", Reader(load_counts, "SIZE"))


@pytest.mark.slow
@pytest.mark.usefixtures("_added")
def test_a_data_set_and_a_task_are_a_row_each() -> None:
    data = dl.load_data("counts:40", validation=0.2)
    model = dl.models.mlp(1, hidden_sizes=(4,))
    recipe = dl.Recipe(model, poisson(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(epochs=2, batch_size=32, steps_per_call=1)
    fitted = dl.fit(recipe, data, options, progress=False)
    assert int(fitted.state.step) == 2
    first, last = fitted.curve("train", "loss")[1]
    assert last < first


@pytest.mark.usefixtures("_added")
def test_a_row_is_known_to_all_that_take_a_name() -> None:
    from dl.data.load import absolute, can_be_resized, describe_data

    assert describe_data("counts:4").kind.outputs == "counts"
    assert absolute("counts:4") == "counts:4"
    assert not can_be_resized("counts:4")
    with pytest.raises(dl.InputError, match="colour is for pictures, and counts:4 has none"):
        dl.load_data("counts:4", colour="grey")
    with pytest.raises(dl.InputError, match=r"known: .* counts:SIZE"):
        dl.load_data("count:4")


EXPERIMENT = '''"""A net of my own on two moons.

Expected: more than 80 %.
"""

from dataclasses import dataclass

from flax import linen as nn

from dl import Count, DataSpec, Recipe, TrainOptions, from_linen, objectives, optimizers


class Net(nn.Module):
    """The model: a Flax module in one line more."""

    units: int
    outputs: int

    @nn.compact
    def __call__(self, x):
        return nn.Dense(self.outputs)(nn.tanh(nn.Dense(self.units)(x)))


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of my_moons."""

    dataset: str = "moons"
    epochs: int = 3
    batch_size: int = 50
    learning_rate: float = 0.05
    units: Count = 8
    """Hidden units."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One hidden layer and Adam."""
    model = from_linen(Net(options.units, data_spec.classes))
    return Recipe(model, objectives.binary(model), optimizers.adam(options.learning_rate))
'''


@pytest.mark.slow
def test_a_model_and_an_experiment_are_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package of experiments of one's own has all the verbs."""
    package = tmp_path / "lab"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "my_moons.py").write_text(EXPERIMENT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "lab", raising=False)
    assert main("lab", ["list"]) == 0
    assert "my_moons" in capsys.readouterr().out
    words = [
        "run",
        "my_moons",
        "--units",
        "4",
        "--devices",
        "1",
        "--steps-per-call",
        "3",
        "--run-dir",
        "run",
        "--quiet",
    ]
    assert main("lab", words) == 0
    assert main("lab", ["evaluate", "run"]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert dl.load("run", package="lab").params["Dense_1"]["kernel"].shape == (2, 4)
    assert main("lab", ["run", "my_moons", "--units", "0"]) == 2
    assert "units is 0; it must be at least 1" in capsys.readouterr().err
