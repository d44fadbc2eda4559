"""Models of sound: a batch gives what each waveform gives alone, and ends in blanks."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import models
from dl.errors import InputError
from dl.types import Model, Ragged

RATE, H = 8000, 3
LENGTHS = np.array([800, 2000, 1290])
_NOISE = np.random.default_rng(0).normal(scale=0.1, size=(3, 2000)).astype(np.float32)
SOUNDS = Ragged(np.where(np.arange(2000) < LENGTHS[:, None], _NOISE, 0.0), LENGTHS)
MODELS = {
    "ctc": models.acoustic_model("lstm", 5, sample_rate=RATE, hidden_size=H, stack=2, filters=8),
    "word": models.spoken_word_model("gru", 4, sample_rate=RATE, hidden_size=H, filters=8),
}


@cache
def applied(name: str) -> Any:
    model = MODELS[name]
    params, state = jax.jit(model.init)(jax.random.key(0), SOUNDS)
    return jax.jit(lambda sounds: model.apply(params, state, sounds)[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_waveform_alone_gives_what_it_gives_in_a_batch(name: str) -> None:
    together = applied(name)(SOUNDS)
    one = Ragged(SOUNDS.values[:1, :800], LENGTHS[:1])
    alone = applied(name)(one)
    if name == "ctc":
        together = together[:, : alone.shape[1]]
    np.testing.assert_allclose(alone[0], together[0], atol=2e-4)


def test_steps_behind_the_end_are_blank_for_certain() -> None:
    outputs = applied("ctc")(SOUNDS)
    frames = 1 + np.ceil((LENGTHS - 200) / 80)  # of 25 ms, one every 10 ms
    steps = np.ceil(frames / 2).astype(int)
    assert outputs.shape == (3, steps.max(), 5)
    for row, count in zip(outputs, steps, strict=True):
        assert (jnp.abs(row[:count]) < 100).all()
        np.testing.assert_array_equal(row[count:, 0], 0.0)
        np.testing.assert_array_equal(row[count:, 1:], np.float32(-1e9))


def test_loudness_changes_nothing() -> None:
    louder = Ragged(SOUNDS.values * 3.0, LENGTHS)
    np.testing.assert_allclose(applied("word")(louder), applied("word")(SOUNDS), atol=2e-3)


def test_parameters_are_those_of_the_layers() -> None:
    def count(model: Model) -> int:
        shapes = jax.eval_shape(model.init, jax.random.key(0), SOUNDS)[0]
        return sum(leaf.size for leaf in jax.tree.leaves(shapes))

    first, second = 2 * 4 * H * (2 * 8 + H + 1), 2 * 4 * H * (2 * H + H + 1)
    assert count(MODELS["ctc"]) == first + second + 5 * (2 * H + 1)
    assert count(MODELS["word"]) == 2 * 3 * H * (8 + H) + 4 * (2 * H + 1)  # the slides' GRU


def test_options_that_do_not_go_are_refused() -> None:
    for options in ({"sample_rate": 0}, {"stack": 0}, {"hidden_size": 0}, {"step_ms": 0.0}):
        with pytest.raises(InputError):
            models.acoustic_model("lstm", 5, **{"sample_rate": RATE, **options})
    with pytest.raises(InputError, match="did you mean"):
        models.spoken_word_model("lstm", 5, sample_rate=RATE, pool="mena")
    with pytest.raises(InputError, match=r"waveforms are \[B, samples\]"):
        jax.eval_shape(MODELS["word"].init, jax.random.key(0), jnp.zeros((1, 4, 4)))
    with pytest.raises(InputError, match="carry"):
        MODELS["word"].apply({}, {}, SOUNDS, carry=jnp.ones(1))
