"""The adding problem: what its numbers and marks are."""

import numpy as np
import pytest

from dl.data.load import load_data
from dl.data.readers.adding import load_adding
from dl.errors import InputError


@pytest.mark.parametrize("steps", [2, 7, 10])
def test_two_numbers_are_marked_one_in_each_half(steps: int) -> None:
    data = load_adding(steps, validation=0.1)
    for part, count in ((data.train, 45_000), (data.validation, 5_000), (data.test, 2_000)):
        numbers, marks = part.inputs[..., 0], part.inputs[..., 1]
        assert part.inputs.shape == (count, steps, 2)
        assert set(np.unique(marks)) <= {0.0, 1.0}
        assert (marks[:, : steps // 2].sum(axis=1) == 1).all()
        assert (marks[:, steps // 2 :].sum(axis=1) == 1).all()
        assert 0 <= numbers.min() < 0.01
        assert 0.99 < numbers.max() < 1
        np.testing.assert_allclose(part.targets[:, 0], (numbers * marks).sum(axis=1), rtol=1e-6)
    assert (data.spec.task, data.spec.classes, data.spec.input_shape) == (
        "regression",
        1,
        (steps, 2),
    )


def test_the_constant_answer_1_has_a_squared_error_of_a_sixth() -> None:
    targets = load_adding(4).train.targets
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, abs=0.003)
    # Every place of each half is marked as often, so that none can be guessed.
    marked = load_adding(6).train.inputs[..., 1].mean(axis=0)
    np.testing.assert_allclose(marked, 1 / 3, atol=0.01)


def test_the_numbers_are_fixed_and_differ_between_the_parts() -> None:
    data, again = load_adding("5"), load_data("adding:5")
    assert data.fingerprint == again.fingerprint != load_adding(6).fingerprint
    assert not (data.train.inputs[:2000, :, 0] == data.test.inputs[..., 0]).any()
    assert data.spec.name == "adding:5"


@pytest.mark.parametrize("steps", ["1", "0", "-3", "x", "", "2.5", "1e3", "100000", "9" * 5000])
def test_unfit_lengths_are_refused(steps: str) -> None:
    with pytest.raises(InputError, match="is no length: give 2 to 10324 steps, such as adding:400"):
        load_adding(steps)
