"""Decoding many sources with few compiled programs: batches of one size and of a few widths."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np

from dl.decoding.beam import search_beam
from dl.decoding.greedy import write_greedily
from dl.decoding.hypotheses import Hypotheses
from dl.errors import InputError
from dl.layers.precision import computing_in
from dl.ranges import Range, check_number
from dl.types import EncoderDecoder, Key, ModelState, Params, Ragged

_STEP = 8
"""Sources are padded to a multiple of so many symbols."""


class Written(NamedTuple):
    """A sequence of `symbols` [L] without the end symbol, its score, and what was looked at.

    `weights` [L + 1, S] have a row for each symbol and one for the end, if it has ended.
    """

    symbols: np.ndarray
    score: float
    weights: np.ndarray


def decode(
    model: EncoderDecoder,
    params: Params,
    model_state: ModelState,
    source: Any,
    *,
    end: int,
    longest: int = 0,
    beam: int = 1,
    alpha: float = 1.0,
    temperature: float = 0.0,
    seed: int = 0,
    batch_size: int = 32,
    precision: str = "float32",
) -> list[list[Written]]:
    """For each source the best sequences, `beam` of them or all that there are, the best first.

    `source` is `Ragged` symbols [N, S] or an array [N, ...]. A sequence has at most `longest`
    symbols; 0 allows twice those of the source, rounded up to a multiple of 8, and ten more.
    `alpha` is that of `length_penalty`. At a `temperature` above 0 one sequence is drawn for each
    source; source n draws with `fold_in(key(seed), n)`, so that what is drawn does not depend on
    the others.

    Raises:
        InputError: for a model that is no encoder-decoder, no source, lengths that its symbols do
            not have, an `end` that is no symbol of the model, numbers out of range, and arrays
            without `longest`.
    """
    _check(model, source, longest, beam, alpha, temperature, batch_size)
    found: dict[int, list[Written]] = {}
    key = jax.random.key(seed)
    for index, batch, most in _batches(source, longest, batch_size):
        write = _compiled(
            model, end, most, 1 if temperature else beam, bool(temperature), precision
        )
        keys = jax.vmap(partial(jax.random.fold_in, key))(index)
        numbers = np.float32(alpha), np.float32(temperature)
        written = jax.device_get(write(params, model_state, batch, keys, *numbers))
        for row, number in enumerate(index):
            found[int(number)] = _sequences(written, row, end)
    return [found[number] for number in range(len(found))]


def _batches(source: Any, longest: int, size: int) -> Iterator[tuple[np.ndarray, Any, int]]:
    """Numbers [B] and sources [B, ...], with the most symbols that are written for them.

    The last batch of a width is filled up with its last source.
    """
    if not isinstance(source, Ragged):
        for index in _rows(np.arange(len(source)), size):
            yield index, np.asarray(source[index]), longest
        return
    values, lengths = np.asarray(source.values), np.asarray(source.lengths, np.int32)
    widths = -(-lengths // _STEP) * _STEP
    for width in np.unique(widths):
        cut = values[:, :width]
        cut = np.pad(cut, [(0, 0), (0, width - cut.shape[1]), *[(0, 0)] * (cut.ndim - 2)])
        for index in _rows(np.flatnonzero(widths == width), size):
            yield index, Ragged(cut[index], lengths[index]), longest or 2 * int(width) + 10


def _rows(index: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(index), size):
        rows = index[start : start + size]
        yield np.pad(rows, (0, size - len(rows)), mode="edge")


@lru_cache(maxsize=32)
def _compiled(
    model: EncoderDecoder, end: int, longest: int, beam: int, draws: bool, precision: str
) -> Callable[..., Hypotheses]:
    @jax.jit
    def write(
        params: Params,
        model_state: ModelState,
        source: Any,
        keys: Key,
        alpha: Any,
        temperature: Any,
    ) -> Hypotheses:
        how = {"end": end, "longest": longest, "alpha": alpha}
        with computing_in(precision):
            if beam > 1:
                return search_beam(model, params, model_state, source, beam=beam, **how)
            if draws:
                how.update(temperature=temperature, keys=keys)
            return write_greedily(model, params, model_state, source, **how)

    return write


def _sequences(written: Hypotheses, row: int, end: int) -> list[Written]:
    found = []
    for symbols, length, score, weights in zip(*(leaf[row] for leaf in written), strict=True):
        if found and score == -np.inf:
            break
        own = symbols[:length]
        ended = length and own[-1] == end
        found.append(Written(own[:-1] if ended else own, float(score), weights[:length]))
    return found


def _check(
    model: Any,
    source: Any,
    longest: int,
    beam: int,
    alpha: float,
    temperature: float,
    batch_size: int,
) -> None:
    if not isinstance(model, EncoderDecoder):
        raise InputError(f"{model.name} is no encoder-decoder: it writes nothing of its own")
    check_number("longest", longest, Range(at_least=0), whole=True)
    check_number("beam", beam, Range(at_least=1), whole=True)
    check_number("batch_size", batch_size, Range(at_least=1), whole=True)
    check_number("alpha", alpha, Range(at_least=0))
    check_number("temperature", temperature, Range(at_least=0))
    if temperature and beam > 1:
        raise InputError(f"beam is {beam}: at a temperature one sequence is drawn, give beam 1")
    if not isinstance(source, Ragged) and not longest:
        raise InputError("longest is 0: say how many symbols may be written for an array")
    if not len(source.values if isinstance(source, Ragged) else source):
        raise InputError("there is no source: give one at least")
    if isinstance(source, Ragged):
        _check_lengths(np.asarray(source.lengths), np.shape(source.values)[1])


def _check_lengths(lengths: np.ndarray, symbols: int) -> None:
    if lengths.min() < 1 or lengths.max() > symbols:
        raise InputError(
            f"lengths go from {lengths.min()} to {lengths.max()}, and sources have {symbols} "
            f"symbols: give lengths from 1 to {symbols}"
        )
