"""What people give to `predict`: arrays that fit, or a line that says what does not."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from dl.data.dataset import DataSpec
from dl.data.raw_inputs import as_raw
from dl.data.text.vocabulary import make_vocabulary
from dl.errors import InputError
from dl.types import Ragged

WIDE = DataSpec("flat pictures", "classification", (64,), "float32", ("a", "b"), 10)
POINTS = DataSpec("points", "regression", (3,), "float32", ("y",), 10)
SYMBOLS = make_vocabulary(["abba"], unit="char")
TEXT = DataSpec("text", "language", (4,), "int32", (), 10, vocabulary=SYMBOLS)
TEXTS = DataSpec(
    "texts",
    "classification",
    (4,),
    "int32",
    ("a", "b"),
    10,
    ragged=True,
    vocabulary=TEXT.vocabulary,
)


@pytest.mark.parametrize(
    "inputs",
    [
        [[1, 2, 3]],
        ((1.0, 2.0, 3.0),),
        np.ones((1, 3), bool),
        np.ones((1, 3), np.uint8),
        jnp.ones((1, 3), jnp.bfloat16),
        [np.ones(3)],
    ],
)
def test_lists_and_arrays_of_numbers_are_read(inputs: Any) -> None:
    assert as_raw(inputs, POINTS).shape == (1, 3)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (None, r"inputs are None: give numbers \[B, 3\]"),
        ("x", r"inputs are x: give numbers \[B, 3\]"),
        ({}, r"inputs are {}: give numbers"),
        ([None], "inputs have the type object"),
        (np.array([["a", "b", "c"]]), "inputs have the type <U1"),
        (np.ones((1, 3)) * 1j, "inputs have the type complex128"),
        (np.ma.masked_equal(np.eye(3), 1), "inputs has masked values"),
        (np.ones((0, 3)), r"inputs are \(0, 3\), no example: give at least one"),
        ([], r"inputs are \(0,\), the model takes \(3,\)"),
        (3, r"inputs are \(\), the model takes \(3,\)"),
        (np.ones(3), r"the model takes \(3,\): of one example give x\[None\]"),
        ([[1.0], [1.0, 2.0]], "the examples of inputs have several shapes"),
        (Ragged(np.ones((1, 3)), [3]), "sequences of one length: give an array"),
    ],
)
def test_what_is_no_batch_is_refused(inputs: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_raw(inputs, POINTS)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_bytes_for_a_model_of_scaled_numbers_are_refused(kind: type) -> None:
    pixels = np.arange(256).reshape(4, 64)
    assert as_raw((pixels / 255).astype(np.float32), WIDE).shape == (4, 64)
    with pytest.raises(InputError, match=r"up to 255, .* float32 of a smaller scale.*x / 255"):
        as_raw(pixels.astype(kind), WIDE)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([[0.5]], "inputs are float64, the model reads whole numbers"),
        ([[0, 3]], "inputs have the symbol 3, the model knows 0 to 2"),
        ([[-1, 0]], "inputs have the symbol -1"),
    ],
)
def test_what_names_no_symbol_is_refused(inputs: Any, said: str) -> None:
    assert as_raw([[0, 1, 2]], TEXT).shape == (1, 3)
    with pytest.raises(InputError, match=said):
        as_raw(inputs, TEXT)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("abba", "the model reads texts: give a list of them"),
        (Ragged(np.zeros((1, 2), int), [3]), r"lengths are \[3\]: give one for each sequence"),
        (Ragged(np.zeros((1, 2), int), [1.5]), r"lengths are \[1.5\]"),
        (Ragged(np.full((1, 2), 9), [2]), "inputs have the symbol 9"),
    ],
)
def test_sequences_that_do_not_fit_are_refused(inputs: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_raw(inputs, TEXTS)
