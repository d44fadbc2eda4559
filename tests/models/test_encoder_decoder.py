"""Encoder-decoders: one step in NumPy, what is left without attention, other encoders, options."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from dl.decoding import decode
from dl.errors import InputError
from dl.layers.attention import Memory, memory_of
from dl.layers.precision import computing_in
from dl.models import encoder_decoder, mlp, text_encoder
from dl.types import EncoderDecoder, Pair, Ragged

SIZE, SYMBOLS, END = 6, 5, 4
SOURCE = Ragged(np.array([[1, 2, 3, 0], [4, 1, 0, 0]], np.int32), np.array([4, 2], np.int32))
PAIR = Pair(SOURCE, np.array([[END, 1, 2], [END, 0, 3]], np.int32))


@cache
def net(**options: Any) -> tuple[EncoderDecoder, Any]:
    """A net whose random weights are large, so that its predictions differ."""
    sizes = {"kind": "lstm", "hidden_size": SIZE, "embedding_size": 3}
    encoder = text_encoder(7, attended=options.get("attention") != "none", **sizes)
    model = encoder_decoder(encoder, SYMBOLS, **sizes, **options)
    params = model.init(jax.random.key(3), PAIR)[0]
    return model, jax.tree.map(lambda leaf: 3 * leaf, params)


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.slow
def test_a_step_is_that_of_luong_et_al_in_numpy() -> None:
    """The first two steps of the decoder, from the encoder's memory, with plain arrays."""
    model, params = net()
    memory, carry = model.encode(params, {}, SOURCE)
    values = np.asarray(memory[0].values)
    own = jax.tree.map(np.asarray, params["decoder"])
    state = np.tanh(memory[0].summary @ own["first_state"]["kernel"] + own["first_state"]["bias"])
    c, h = np.split(state, 2, axis=-1)
    fed, keys = np.zeros_like(h), values @ own["key"]["kernel"]
    for place in range(2):
        previous = PAIR.previous[:, place]
        x = np.concatenate([own["embedding"]["embedding"][previous], fed], axis=-1)
        core = own["core"]
        gates = x @ core["input"] + h @ core["recurrent"] + core["bias"]
        i, f, g, o = np.split(gates, 4, axis=-1)
        c = logistic(f) * c + logistic(i) * np.tanh(g)
        h = logistic(o) * np.tanh(c)
        scores = np.tanh((h @ core["query"])[:, None] + keys) @ core["direction"]
        scores = np.where(np.arange(4) < SOURCE.lengths[:, None], np.exp(scores), 0)
        weights = scores / scores.sum(axis=1, keepdims=True)
        seen = np.einsum("bs,bsd->bd", weights, values)
        fed = np.tanh(np.concatenate([seen, h], axis=-1) @ core["combine"])
        expected = fed @ own["output"]["kernel"] + own["output"]["bias"]
        logits, carry, looked = model.step(params, {}, memory, carry, jnp.asarray(previous))
        np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(looked, weights, rtol=1e-3, atol=1e-5)


def test_without_attention_only_the_summary_tells_of_the_source() -> None:
    model, params = net(attention="none")
    (memory, keys), carry = model.encode(params, {}, SOURCE)
    previous = jnp.array([END, END])
    logits, _, weights = model.step(params, {}, (memory, keys), carry, previous)
    blind = Memory(jnp.zeros_like(memory.values), memory.mask, memory.summary)
    again, _, _ = model.step(params, {}, (blind, keys), carry, previous)
    np.testing.assert_array_equal(logits, again)
    assert weights.shape == (2, 0)
    # The last states of both directions: c and h of each.
    assert memory.summary.shape == (2, 4 * SIZE)


def test_scheduled_sampling_reads_what_the_decoder_would_have_written() -> None:
    plain, params = net()
    model, _ = net(scheduled_sampling=0.999999)
    written = np.argmax(plain.apply(params, {}, PAIR)[0], axis=-1)
    previous = np.concatenate([PAIR.previous[:, :1], written[:, :-1]], axis=1)
    assert not np.array_equal(previous, PAIR.previous)
    expected = plain.apply(params, {}, PAIR._replace(previous=previous.astype(np.int32)))[0]
    train = model.apply(params, {}, PAIR, train=True, key=jax.random.key(0))[0]
    np.testing.assert_allclose(train, expected, rtol=1e-4, atol=1e-5)
    evaluated = model.apply(params, {}, PAIR)[0]
    np.testing.assert_array_equal(evaluated, plain.apply(params, {}, PAIR)[0])


def test_products_in_half_precision_are_close_and_outputs_single() -> None:
    model, params = net()
    exact = model.apply(params, {}, PAIR)[0]
    with computing_in("bfloat16"):
        rounded = model.apply(params, {}, PAIR)[0]
    assert rounded.dtype == jnp.float32
    assert 1e-4 < float(jnp.abs(rounded - exact).max()) < 0.5


class SelfAttention(nn.Module):
    """The smallest transformer encoder: symbols, places, one layer of self-attention."""

    @nn.compact
    def __call__(self, source: Ragged, *, train: bool = False) -> Memory:
        steps = source.values.shape[1]
        mask = jnp.arange(steps) < source.lengths[:, None]
        x = nn.Embed(7, SIZE)(source.values) + nn.Embed(16, SIZE)(jnp.arange(steps))
        attended = nn.MultiHeadDotProductAttention(2)(x, x, mask=mask[:, None, None])
        return memory_of(nn.LayerNorm()(x + attended), mask.astype(jnp.float32))


@pytest.mark.slow
def test_a_transformer_encoder_takes_the_place_of_the_recurrent_one() -> None:
    model = encoder_decoder(SelfAttention(), SYMBOLS, hidden_size=SIZE, embedding_size=SIZE)
    params, state = model.init(jax.random.key(0), PAIR)
    assert model.apply(params, state, PAIR)[0].shape == (2, 3, SYMBOLS)
    found = decode(model, params, state, SOURCE, end=END, longest=3, batch_size=2)
    assert [each[0].weights.shape[1] for each in found] == [8, 8]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention": "dot"}, "unknown attention 'dot'"),
        ({"kind": "grru"}, "unknown cell 'grru'"),
        ({"hidden_size": 0}, "hidden_size is at least 1, not 0"),
        ({"tied": True, "embedding_size": 4}, "embedding_size 256, not 4"),
    ],
)
def test_what_there_is_not_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        encoder_decoder(text_encoder(7), SYMBOLS, **options)


def test_what_does_not_fit_is_refused() -> None:
    model, params = net()
    with pytest.raises(InputError, match=r"reads a dl\.types\.Pair"):
        model.apply(params, {}, SOURCE)
    with pytest.raises(InputError, match="a text to encode is Ragged"):
        model.apply(params, {}, Pair(SOURCE.values, PAIR.previous))
    with pytest.raises(InputError, match="an encoder is a linen module, not Model"):
        encoder_decoder(mlp(3), SYMBOLS)  # type: ignore[arg-type]
