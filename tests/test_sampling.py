"""Sampling: which symbols may be drawn and how often, the same text everywhere, and one
compilation.
"""

from functools import cache
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from dl import models, sampling
from dl.errors import InputError
from dl.sampling import choose, sample
from dl.train.layout import Layout

V = 7
MODEL = models.language_model("gru", V, hidden_size=8)
PRIME = np.array([3, 1])
DRAWS = 2000
compiled_choose = jax.jit(choose, static_argnames="top_k")


@cache
def params() -> Any:
    """Weights so large that the model is of some opinion."""
    shapes, _ = jax.eval_shape(MODEL.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), shapes)


def text(given_params: Any = None, *, prime: Any = PRIME, **options: Any) -> list[list[int]]:
    drawn = sample(MODEL, given_params or params(), {}, prime, **{"length": 12, **options})
    return np.stack(list(drawn), axis=1).tolist()


def shares(logits: Any, **options: Any) -> np.ndarray:
    """How often each symbol comes in many draws."""
    many = jnp.broadcast_to(jnp.asarray(logits, jnp.float32), (DRAWS, len(logits)))
    return (
        np.bincount(compiled_choose(jax.random.key(1), many, **options), minlength=len(logits))
        / DRAWS
    )


def softmax(logits: Any) -> np.ndarray:
    weights = np.exp(np.asarray(logits) - np.max(logits))
    return weights / weights.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_symbols_come_as_often_as_the_tempered_model_says(temperature: float) -> None:
    logits = np.array([0.0, 1.0, -1.0, 0.5])
    found = shares(logits, temperature=temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature), atol=4 * 0.5 / np.sqrt(DRAWS))


def test_top_k_draws_among_the_likeliest_in_their_proportion() -> None:
    logits = np.array([0.0, 1.0, -1.0, 0.5])
    found = shares(logits, top_k=2)
    assert found[[0, 2]].tolist() == [0, 0]
    np.testing.assert_allclose(
        found[[1, 3]], softmax(logits[[1, 3]]), atol=4 * 0.5 / np.sqrt(DRAWS)
    )
    np.testing.assert_allclose(
        shares(logits, top_k=99), softmax(logits), atol=4 * 0.5 / np.sqrt(DRAWS)
    )


@settings(max_examples=12)
@given(
    logits=st.lists(st.integers(-3, 3), min_size=5, max_size=5),
    top_k=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_top_k_never_draws_others_and_of_equals_the_first(
    logits: list[int], top_k: int, seed: int
) -> None:
    many = np.broadcast_to(np.float32(logits), (50, 5))
    drawn = compiled_choose(jax.random.key(seed), many, temperature=9.0, top_k=top_k)
    assert set(np.asarray(drawn).tolist()) <= set(
        np.argsort(-np.array(logits), kind="stable")[:top_k].tolist()
    )


@settings(max_examples=12)
@given(
    logits=st.lists(st.integers(-3, 3), min_size=5, max_size=5),
    temperature=st.sampled_from([0.0, 1e-30, 1e-7]),
)
def test_without_heat_and_with_one_choice_it_is_the_likeliest(
    logits: list[int], temperature: float
) -> None:
    likeliest, key, values = int(np.argmax(logits)), jax.random.key(0), np.float32(logits)
    assert int(compiled_choose(key, values, temperature=0.0)) == likeliest
    assert int(compiled_choose(key, values, temperature=1.0, top_k=1)) == likeliest
    assert logits[int(compiled_choose(key, values, temperature=temperature))] == max(logits)


def test_a_greedy_text_is_the_model_s_own_read_again_in_one_go() -> None:
    drawn = text(temperature=0.0)[0]
    read = jnp.asarray([*PRIME, *drawn], jnp.int32)[None]
    said = np.asarray(jax.jit(MODEL.apply)(params(), {}, read)[0])[0].argmax(-1)
    assert said[len(PRIME) - 1 : -1].tolist() == drawn
    assert text(temperature=1.0, top_k=1)[0] == drawn


def test_the_same_seed_is_the_same_text_and_another_another() -> None:
    assert text() == text()
    assert text() != text(seed=1)
    assert text(length=5)[0] == text()[0][:5]
    assert text(prime=PRIME.tolist()) == text()
    assert all(0 <= symbol < V for symbol in text()[0])


def test_a_row_is_the_same_however_many_there_are() -> None:
    three = text(rows=3)
    assert three[:1] == text(rows=1)
    assert len({tuple(row) for row in three}) == 3


@pytest.mark.parametrize("mode", ["jit", "pmap"])
def test_the_text_does_not_depend_on_the_devices_that_hold_the_parameters(mode: Any) -> None:
    layout = Layout(mode, tuple(jax.devices()[2:4]))
    there = layout.fetch(layout.put(params()))
    assert jax.tree.leaves(there)[0].devices() != jax.tree.leaves(params())[0].devices()
    assert text(there) == text()
    assert text(jax.device_get(params())) == text()


def test_one_compilation_serves_any_prime_length_temperature_and_seed() -> None:
    text()
    step = sampling._compiled_step(MODEL, 0, "float32")
    before = step._cache_size()
    there = jax.device_put(params(), jax.devices()[1])
    for options in (
        {"prime": np.arange(5)},
        {"length": 3},
        {"temperature": 0.3},
        {"temperature": 0},
        {"seed": 9},
    ):
        text(there, **options)
    assert step._cache_size() == before
    assert before <= 2, "one for each number of rows that these tests have drawn"


def test_no_symbols_are_no_symbols() -> None:
    assert list(sample(MODEL, params(), {}, PRIME, length=0)) == []


REFUSED = [
    ({"prime": np.array([], np.int32)}, r"a prime is one symbol or more, \[P\], not \[0\]"),
    ({"prime": np.zeros((2, 3), np.int32)}, r"not \[2, 3\]"),
    ({"prime": np.array([1.0])}, "symbols are integers, not float64: encode the prime"),
    ({"length": -1}, "length is -1; it must be at least 0"),
    ({"rows": 0}, "rows is 0; it must be at least 1"),
    ({"top_k": -2}, "top_k is -2; it must be at least 0"),
    ({"temperature": float("nan")}, "temperature is nan; it must be at least 0, and finite"),
    ({"temperature": float("inf")}, "temperature is inf"),
    ({"temperature": -0.1}, "temperature is -0.1"),
    ({"seed": 2**70}, "seed is 1180591620717411303424; it must be at least 0 and below 2147483648"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused_before_anything_is_drawn(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sample(MODEL, {}, {}, **{"prime": PRIME, "length": 1, **options})


@pytest.mark.parametrize("symbol", [-1, V])
def test_a_prime_of_symbols_that_the_model_does_not_have_is_refused(symbol: int) -> None:
    with pytest.raises(InputError, match=f"symbols are from 0 to {V - 1}, not "):
        sample(MODEL, params(), {}, np.array([0, symbol]), length=1)


def test_a_model_without_a_state_writes_no_text() -> None:
    with pytest.raises(InputError, match="lstm is no language model: it has no state to carry"):
        sample(models.sequence_model("lstm", 2), {}, {}, PRIME, length=1)
