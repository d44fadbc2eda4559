"""Translations in Python: unknown words, nets without attention, and what is refused."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.data.example import example_inputs
from dl.data.readers.pairs import dataset_of_texts
from dl.data.text.pairs import Pairs
from dl.data.text.reading import Reading
from dl.data.text.vocabulary import UNKNOWN
from dl.errors import InputError
from dl.runs.translate import evaluate_translation, translate_part

PAIRS = Pairs(["der hund", "die katze"] * 4, ["the dog", "the cat"] * 4)


KEY = jax.random.key(0)


def zeros_like(shapes: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)


def data_of() -> dl.Dataset:
    reading = Reading(unit="word", lower=True)
    return dataset_of_texts(
        "pets", {"train": PAIRS, "test": PAIRS}, validation=0.0, reading=reading
    )


def network(attention: str, data: dl.Dataset) -> dl.Network:
    """A net of zeros that writes unknown words alone."""
    encoder = dl.models.text_encoder(
        len(data.spec.source_text), hidden_size=4, embedding_size=4, attended=attention != "none"
    )
    sizes = {"hidden_size": 4, "embedding_size": 4}
    model = dl.models.encoder_decoder(encoder, data.spec.classes, attention=attention, **sizes)
    params, state = zeros_like(jax.eval_shape(model.init, KEY, example_inputs(data.spec)))
    unknown = data.spec.text.symbols.index(UNKNOWN)
    params["decoder"]["output"]["bias"] = params["decoder"]["output"]["bias"].at[unknown].set(1.0)
    return dl.Network(model, params, state, data.spec)


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_an_unknown_word_is_the_word_that_was_looked_at(attention: str) -> None:
    """Without attention nothing was looked at: it stays unknown."""
    (best,) = dl.translate(network(attention, data_of()), ["Der Hund"], beam=1)[0]
    words = set(best.text.split())
    if attention == "none":
        assert words == {"�"}
        assert best.attention.shape == (len(best.symbols), 0)
    else:
        assert words == {"der"}  # of equal weights the first is the largest
        np.testing.assert_allclose(best.attention, 1 / 3, rtol=1e-6)


def test_parts_without_their_texts_are_compared_with_what_their_symbols_say() -> None:
    data = data_of()
    part = translate_part(network("none", data), data, "train", beam=1)
    assert set(part.references) == {"the dog", "the cat"}
    assert part.scores.bleu == 0
    assert evaluate_translation(network("none", data), data, parts=["validation"]).figures == {}


def test_symbols_of_the_source_may_be_refused() -> None:
    data = data_of()
    strict = network("none", data)
    strict = dl.Network(
        strict.model, strict.params, strict.model_state, data.spec, Reading(unknown="refuse")
    )
    with pytest.raises(InputError, match=r"'maus' \(word 2 of the text\) is not in the vocabulary"):
        dl.translate(strict, ["die maus"])


def test_other_models_and_data_are_refused() -> None:
    other = dl.load_data("xor")
    model = dl.models.softmax_regression(10)
    with pytest.raises(InputError, match=r"softmax.* \(task: binary\) and translates noth"):
        dl.translate(dl.Network(model, {}, {}, other.spec), ["a"])
    data = data_of()
    with pytest.raises(InputError, match="xor has no translations to compare with"):
        translate_part(network("none", data), other)
    with pytest.raises(InputError, match=r"texts is a text, not a list: give \[text\]"):
        dl.translate(network("none", data), "der hund")
    with pytest.raises(InputError, match="n_best is 2; it must be at least 1 and at most 1"):
        dl.translate(network("none", data), ["a"], beam=1, n_best=2)
