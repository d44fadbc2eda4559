"""What `predict` gives: labels, probabilities, and pairs of both."""

import numpy as np
import pytest

from dl.train.network import Prediction, Predictions

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
