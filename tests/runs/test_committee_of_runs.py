"""A committee of trained nets of any kind: means by hand, and members that do not fit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.errors import InputError

pytestmark = pytest.mark.slow

OPTIONS = dl.TrainOptions(epochs=2, batch_size=20)
X = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
LABELS = np.array(["ash", "elm", "oak"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]


def train(labels: Any = LABELS, *, width: int = 8, classes: int = 3, inputs: Any = X) -> dl.Trained:
    model = dl.models.mlp(classes, hidden_sizes=(width,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.02))
    return dl.fit(recipe, dl.make_dataset(inputs, labels), OPTIONS, progress=False)


@pytest.fixture(scope="module")
def pair() -> tuple[dl.Trained, dl.Trained]:
    """A net on the inputs, and another on inputs that it normalises otherwise."""
    return train(), train(width=5, inputs=100 * X + 7)


@pytest.mark.slow
def test_e15_a_committee_answers_with_the_mean_of_the_probabilities(
    pair: tuple[dl.Trained, dl.Trained],
) -> None:
    first, second = pair[0], train(width=5)
    committee = dl.Committee((first, second))
    each = [np.exp(np.asarray(net.outputs(X), np.float64)) for net in (first, second)]
    mean = sum(e / e.sum(axis=1, keepdims=True) for e in each) / 2
    np.testing.assert_allclose(committee.probabilities(X), mean, rtol=1e-5)
    assert committee.predict(X).labels == [("ash", "elm", "oak")[k] for k in mean.argmax(axis=1)]
    source = first.open_data().test
    right = np.arange(len(source)), source.targets
    tested = committee.probabilities(source.inputs)
    expected = {
        "accuracy": np.mean(tested.argmax(axis=1) == source.targets),
        "loss": -np.mean(np.log(tested[right])),
    }
    assert committee.evaluate() == pytest.approx(expected, rel=1e-5)


def test_a_committee_of_one_is_the_net(pair: tuple[dl.Trained, dl.Trained]) -> None:
    assert dl.Committee(pair[:1]).evaluate() == pytest.approx(pair[0].evaluate(), rel=1e-5)


def test_members_that_do_not_fit_are_refused(pair: tuple[dl.Trained, dl.Trained]) -> None:
    with pytest.raises(InputError, match=r"different classes: 3 \(ash, elm, oak\); member 2: 2 \("):
        dl.Committee((pair[0], train(np.where(X[:, 0] > 0, "ash", "elm"), classes=2, width=3)))
    with pytest.raises(InputError, match="at least one member"):
        dl.Committee(())
    model = dl.models.mlp(1, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.regression(model), dl.optimizers.sgd(0.01))
    numbers = dl.fit(recipe, dl.make_dataset(X, X[:, 0]), OPTIONS, progress=False)
    with pytest.raises(InputError, match="member 2 gives numbers and chooses no class"):
        dl.Committee((pair[0], numbers))
    with pytest.raises(InputError, match="different examples in their test part"):
        dl.Committee((pair[0], train(LABELS[::-1], width=3))).evaluate()


@pytest.mark.slow
def test_the_verb_evaluates_runs_together_and_refuses_others_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits, moons = str(tmp_path / "digits"), str(tmp_path / "moons")
    for experiment, folder in (("softmax_mnist", digits), ("logistic_moons", moons)):
        data = Path(folder).name
        words = ["run", experiment, "--dataset", data, "--epochs", "1", "--quiet"]
        assert main(argv=[*words, "--devices", "1", "--run-dir", folder]) == 0
    capsys.readouterr()
    assert main(argv=["committee", digits, digits]) == 0
    told, result = capsys.readouterr().out, Path(digits, "result.json").read_text()
    own = json.loads(result)["metrics"]["test"]
    assert json.loads(told) == pytest.approx(own, rel=1e-5), "the same net twice is that net"
    assert main(argv=["committee", digits, moons]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "member 2 gives yes-or-no outputs" in error
    assert main(argv=["committee", digits]) == 2
    assert "give 1 more" in capsys.readouterr().err
