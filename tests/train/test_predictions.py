"""What `predict` gives: labels, probabilities, and pairs of both."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.data.dataset import DataSpec
from dl.train.network import Network, Prediction, Predictions

SHARES = np.array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], np.float32)


@pytest.fixture
def answers() -> Predictions:
    return Predictions(("cat", "dog", "cow"), SHARES)


def test_labels_and_probabilities(answers: Predictions) -> None:
    assert answers.labels == ["dog", "cat"]
    assert answers.probabilities.shape == (2, 3)
    assert len(answers) == 2


def test_pairs_as_before(answers: Predictions) -> None:
    assert [label for label, _ in answers] == ["dog", "cat"]
    assert answers[-1] == Prediction("cat", 0.5)
    assert answers[:1].labels == ["dog"]
    with pytest.raises(IndexError):
        answers[2]


def test_numpy_sees_classes_and_not_pairs(answers: Predictions) -> None:
    assert np.argmax(answers).tolist() == [1, 0]
    assert np.argmax(answers, axis=1).tolist() == [1, 0]
    assert np.argmax(answers, axis=-1).tolist() == [1, 0]
    assert np.max(answers) == np.float32(0.7)
    assert np.asarray(answers, np.float64).shape == np.array(answers).shape == (2, 3)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "nan"), (np.inf, "inf"), (1e300, r"1e\+300")])
def test_what_is_no_number_is_refused_with_its_place(value: float, said: str) -> None:
    model = dl.models.softmax_regression(2)
    spec = DataSpec("points", "classification", (3,), "float32", ("a", "b"), 10)
    network = Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 3))), spec=spec)
    inputs = np.ones((4, 3))
    inputs[2, 1] = value
    with pytest.raises(dl.InputError, match=rf"inputs\[2, 1\] is {said}: give finite numbers"):
        network.predict(inputs)


def test_bytes_for_a_model_of_scaled_pictures_are_refused() -> None:
    model = dl.models.softmax_regression(2)
    spec = DataSpec("pictures", "classification", (2, 2, 1), "float32", ("a", "b"), 10)
    network = Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 2, 2, 1))), spec=spec)
    with pytest.raises(dl.InputError, match="scale them as its data were"):
        network.predict(np.ones((1, 2, 2, 1), np.uint8))
