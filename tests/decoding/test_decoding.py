"""Decoding: greedy, beam and drawn sequences beside slow searches that are written out."""

import itertools
import math
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.decoding import decode, search_beam, write_greedily
from dl.errors import InputError
from dl.models import encoder_decoder, mlp, text_encoder
from dl.types import EncoderDecoder, Pair, Ragged

END, SYMBOLS = 3, 4
LONGEST = 6
SOURCE = Ragged(np.array([[1, 2, 3, 4], [5, 6, 0, 0], [2, 0, 0, 0]], np.int32), np.array([4, 2, 1]))


@cache
def net(attention: str = "additive") -> tuple[EncoderDecoder, Any, Any]:
    """A net whose random weights are large, so that its predictions differ."""
    model = encoder_decoder(
        text_encoder(7, kind="lstm", hidden_size=5, embedding_size=4),
        SYMBOLS,
        kind="lstm",
        hidden_size=6,
        embedding_size=4,
        attention=attention,
    )
    params, state = model.init(jax.random.key(1), Pair(SOURCE, np.zeros((3, 2), np.int32)))
    return model, jax.tree.map(lambda leaf: 4 * leaf, params), state


def log_probability(row: int, symbols: tuple[int, ...]) -> float:
    """log p of a sequence, from teacher forcing, which decoding does not use."""
    source = Ragged(SOURCE.values[row : row + 1], SOURCE.lengths[row : row + 1])
    previous = np.full((1, LONGEST), END, np.int32)
    previous[0, 1 : len(symbols)] = symbols[:-1]
    logs = np.asarray(teacher_forced()(Pair(source, previous)))
    return float(logs[0, np.arange(len(symbols)), list(symbols)].sum())


@cache
def teacher_forced() -> Any:
    """The log-probabilities [B, LONGEST, V] of all symbols, compiled once for all lengths."""
    model, params, state = net()
    return jax.jit(lambda pair: jax.nn.log_softmax(model.apply(params, state, pair)[0]))


@cache
def searched(beam: int, longest: int, alpha: float) -> Any:
    return jax.jit(
        partial(search_beam, net()[0], end=END, longest=longest, beam=beam, alpha=alpha)
    )(*net()[1:], SOURCE)


def all_sequences(longest: int) -> list[tuple[int, ...]]:
    """Those that end with END at the latest at `longest`, and those that are cut there."""
    others = [symbol for symbol in range(SYMBOLS) if symbol != END]
    ended = [
        (*body, END) for size in range(longest) for body in itertools.product(others, repeat=size)
    ]
    return ended + list(itertools.product(others, repeat=longest))


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_beam_of_all_sequences_is_an_exhaustive_search(alpha: float) -> None:
    sequences = all_sequences(3)
    found = searched(len(sequences), 3, alpha)
    for row in range(3):
        scored = {
            each: log_probability(row, each) / ((5 + len(each)) / 6) ** alpha for each in sequences
        }
        ranked = sorted(scored, key=lambda each: -scored[each])
        for place in range(len(sequences)):
            length = int(found.lengths[row, place])
            got = tuple(found.symbols[row, place, :length].tolist())
            assert got == ranked[place]
            assert math.isclose(found.scores[row, place], scored[got], rel_tol=1e-4, abs_tol=1e-4)


def test_a_beam_of_one_is_greedy_and_takes_the_likeliest_symbol_each_time() -> None:
    greedy = jax.jit(partial(write_greedily, net()[0], end=END, longest=6, alpha=1.0))(
        *net()[1:], SOURCE
    )
    for got, expected in zip(searched(1, 6, 1.0), greedy, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    for row in range(3):
        body: tuple[int, ...] = ()
        while len(body) < 6 and END not in body:
            body = max(
                ((*body, symbol) for symbol in range(SYMBOLS)),
                key=partial(log_probability, row),
            )
        assert tuple(greedy.symbols[row, 0, : len(body)].tolist()) == body


@pytest.mark.slow
def test_the_weights_are_those_of_the_steps_that_were_kept() -> None:
    """Of the best sequence, as the model gives them when it reads exactly that sequence."""
    model, params, state = net()
    found = searched(3, 5, 0.5)
    memory, carry = model.encode(params, state, SOURCE)
    for row in range(3):
        place = jax.tree.map(lambda leaf: leaf[row : row + 1], (memory, carry))  # noqa: B023
        looked, own = place
        previous = END
        for step in range(int(found.lengths[row, 0])):
            _, own, weights = model.step(params, state, looked, own, jnp.array([previous]))
            np.testing.assert_allclose(found.weights[row, 0, step], weights[0], atol=1e-5)
            previous = int(found.symbols[row, 0, step])
        assert np.all(found.weights[row, 0, int(found.lengths[row, 0]) :] == 0)
        assert np.all(found.weights[row, 0, :, int(SOURCE.lengths[row]) :] == 0)


@pytest.mark.parametrize("how", [{"beam": 2}, {"temperature": 1.5, "seed": 3}])
def test_a_batch_is_decoded_as_its_sources_one_by_one(how: dict[str, Any]) -> None:
    model, params, state = net()
    together = decode(model, params, state, SOURCE, end=END, longest=6, batch_size=4, **how)
    if "seed" in how:  # source n draws with its own number, which is 0 for each one alone
        again = decode(model, params, state, SOURCE, end=END, longest=6, batch_size=2, **how)
    else:
        again = [
            decode(
                model,
                params,
                state,
                Ragged(SOURCE.values[row : row + 1], SOURCE.lengths[row : row + 1]),
                end=END,
                longest=6,
                batch_size=4,
                **how,
            )[0]
            for row in range(3)
        ]
    for first, second in zip(together, again, strict=True):
        for one, other in zip(first, second, strict=True):
            assert one.symbols.tolist() == other.symbols.tolist()
            assert math.isclose(one.score, other.score, rel_tol=1e-5)


def test_drawn_sequences_follow_the_probabilities() -> None:
    """The first symbol of many draws, against the model's own distribution."""
    model, params, state = net()
    many = 400
    source = Ragged(np.repeat(SOURCE.values[:1], many, 0), np.repeat(SOURCE.lengths[:1], many))
    drawn = decode(
        model, params, state, source, end=END, longest=1, temperature=1.0, batch_size=many
    )
    first = [int(each[0].symbols[0]) if len(each[0].symbols) else END for each in drawn]
    for symbol in range(SYMBOLS):
        p = math.exp(log_probability(0, (symbol,)))
        assert abs(first.count(symbol) / many - p) < 4 * math.sqrt(p * (1 - p) / many) + 1e-3


def test_a_beam_wider_than_all_sequences_gives_each_of_them_once() -> None:
    model, params, state = net()
    found = decode(model, params, state, SOURCE, end=END, longest=1, beam=9, batch_size=4)
    for row, best in enumerate(found):
        written = [tuple(one.symbols.tolist()) for one in best]
        assert sorted(written) == [(), (0,), (1,), (2,)]
        probabilities = [math.exp(log_probability(row, one or (END,))) for one in written]
        assert probabilities == sorted(probabilities, reverse=True)
        assert [math.exp(one.score) for one in best] == pytest.approx(probabilities, rel=1e-3)


def test_what_cannot_be_decoded_is_refused_in_a_line() -> None:
    model, params, state = net()
    with pytest.raises(InputError, match="mlp is no encoder-decoder"):
        decode(mlp(3), {}, {}, SOURCE, end=END)
    with pytest.raises(InputError, match="beam is 0"):
        decode(model, params, state, SOURCE, end=END, beam=0)
    with pytest.raises(InputError, match="at a temperature one sequence is drawn"):
        decode(model, params, state, SOURCE, end=END, beam=2, temperature=1.0)
    for beam, end in ((1, SYMBOLS), (2, -1)):
        with pytest.raises(InputError, match=f"end is {end}, and .* writes symbols from 0 to 3"):
            decode(model, params, state, SOURCE, end=end, beam=beam)
    for lengths in ([4, 5, 1], [4, 0, 1]):
        with pytest.raises(InputError, match=r"sources have 4 symbols: give lengths from 1 to 4"):
            decode(model, params, state, Ragged(SOURCE.values, np.array(lengths)), end=END)
    with pytest.raises(InputError, match="longest is 0"):
        decode(model, params, state, np.zeros((2, 3)), end=END)
