"""Interpolated modified Kneser-Ney counts of a text, in NumPy (H5).

An n-gram is a pair: its first n − 1 symbols, which are its context, and its last symbol. The
distinct n-grams of a length are numbered in that order. So n-grams of any length are packed into
one integer, `context · symbols + symbol`, and counted by one sort.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from dl.errors import InputError


class Level(NamedTuple):
    """The M distinct n-grams of one length n, whose contexts are the M' n-grams of length n − 1.

    codes: [M] int64, increasing: number of the context · symbols + the last symbol.

    probabilities: [M] p(last symbol | context).

    backoffs: [M'] the factor on p(symbol | context without its first symbol) for symbols that never
    followed the context.
    """

    codes: np.ndarray
    probabilities: np.ndarray
    backoffs: np.ndarray


class NGram(NamedTuple):
    """A fitted model: the number of symbols, and a level for each length from 1 to the order."""

    symbols: int
    levels: tuple[Level, ...]

    @property
    def order(self) -> int:
        """The longest n-gram that was counted; a symbol is predicted from order − 1 others."""
        return len(self.levels)


def fit(tokens: np.ndarray, *, order: int, symbols: int) -> NGram:
    """An n-gram model of a text: tokens [N] of whole numbers from 0 to `symbols` − 1.

    p(w | c) = (a(cw) − D(a(cw))) / A(c) + γ(c) p(w | c'), with c' the context c without its first
    symbol, A(c) = Σ_w a(cw) and γ(c) = Σ_w D(a(cw)) / A(c). For n-grams of the longest length, a is
    how often they occur. For shorter ones it is how many different symbols stand before them, where
    the start of the text counts as one. The shortest are interpolated with the uniform
    distribution, so that every symbol has a probability above 0. D is that of `discounts`. Source:
    H5; Chen & Goodman 1999.

    Raises:
        InputError: for an order below 1, a text that is shorter than it, and symbols outside of the
            range.

    >>> model = fit(np.array([0, 1, 0, 1, 0]), order=2, symbols=3)
    >>> model.order, [len(level.codes) for level in model.levels]
    (2, [2, 2])
    """
    _check_whole("order", order)
    _check_whole("symbols", symbols)
    tokens = as_tokens(tokens, symbols)
    if len(tokens) < order:
        raise InputError(
            f"a text of {len(tokens)} symbols has no {order}-grams: "
            f"give a longer text or a lower order"
        )
    levels, shorter = [], np.array([1.0 / symbols])
    for counts in _count(tokens, order, symbols):
        levels.append(_smooth(counts, shorter, symbols))
        shorter = levels[-1].probabilities
    return NGram(symbols, tuple(levels))


def discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken from counts of 0, 1, 2, and 3 or more: [4], from the counts [M] of one length.

    D_j = j − (j + 1) Y n_{j+1} / n_j with Y = n_1 / (n_1 + 2 n_2), where n_j n-grams were counted j
    times. If one of n_1 to n_4 is 0 or a D_j is not positive, the estimate has no meaning; then
    they are ½, 1 and 1½, which leave every context something for unseen symbols. Source: Chen &
    Goodman 1999, modified Kneser-Ney smoothing.

    >>> discounts(np.array([1, 1, 1, 1, 2, 2, 3, 4])).tolist()
    [0.0, 0.5, 1.25, 1.0]
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6)[1:5]
    fallback = np.array([0.0, 0.5, 1.0, 1.5])
    if not n.all():
        return fallback
    j = np.arange(1, 4)
    estimates = j - (j + 1) * n[0] / (n[0] + 2 * n[1]) * n[1:] / n[:-1]
    return np.append(0.0, estimates) if (estimates > 0).all() else fallback


def as_tokens(tokens: np.ndarray, symbols: int, *, name: str = "tokens") -> np.ndarray:
    """`tokens` [N] as int64, the empty sequence included.

    Raises:
        InputError: for another shape than [N], other numbers than whole ones, and symbols outside
            of the range.

    >>> as_tokens([0, 3], 3)
    Traceback (most recent call last):
    dl.errors.InputError: tokens are whole numbers from 0 to 2, and 3 stands at position 1: ...
    """
    tokens = np.asarray(tokens)
    if tokens.ndim != 1 or (tokens.size and not np.issubdtype(tokens.dtype, np.integer)):
        raise InputError(
            f"{name} are [N] whole numbers, not {tokens.dtype} of shape {tokens.shape}: "
            f"encode the text"
        )
    outside = (tokens < 0) | (tokens >= symbols)
    if outside.any():
        position = int(outside.argmax())
        raise InputError(
            f"{name} are whole numbers from 0 to {symbols - 1}, and {tokens[position]} stands at "
            f"position {position}: encode the text anew"
        )
    return tokens.astype(np.int64)


class _Counts(NamedTuple):
    """The distinct n-grams of one length: codes, numbers of their last n − 1 symbols, counts."""

    codes: np.ndarray
    suffixes: np.ndarray
    counts: np.ndarray


def _count(tokens: np.ndarray, order: int, symbols: int) -> list[_Counts]:
    """The n-grams of lengths 1 to `order`, with the counts a of `fit`."""
    # The number of the n-gram that begins at each position; the only one of length 0 is number 0.
    here = np.zeros(len(tokens) + 1, np.int64)
    levels: list[_Counts] = []
    for length in range(1, order + 1):
        occurring, following = here[:-1] * symbols + tokens[length - 1 :], here[1:]
        codes, numbers, counts = np.unique(occurring, return_inverse=True, return_counts=True)
        suffixes = np.empty_like(codes)
        suffixes[numbers] = following
        if levels:
            before = np.bincount(suffixes, minlength=len(levels[-1].codes))
            before[here[0]] += 1  # the start of the text
            levels[-1] = levels[-1]._replace(counts=before)
        levels.append(_Counts(codes, suffixes, counts))
        here = numbers
    return levels


def _smooth(ngrams: _Counts, shorter: np.ndarray, symbols: int) -> Level:
    """A level from its counts and the probabilities [M'] of the level below."""
    contexts = ngrams.codes // symbols
    discount = discounts(ngrams.counts)[np.minimum(ngrams.counts, 3)]
    totals = np.bincount(contexts, ngrams.counts, minlength=len(shorter))
    left = np.bincount(contexts, discount, minlength=len(shorter))
    backoffs = np.divide(left, totals, out=np.ones_like(left), where=totals > 0)
    own = (ngrams.counts - discount) / totals[contexts]
    return Level(ngrams.codes, own + backoffs[contexts] * shorter[ngrams.suffixes], backoffs)


def _check_whole(name: str, value: int) -> None:
    if not isinstance(value, Integral) or value < 1:
        raise InputError(f"{name} is a whole number from 1 on, not {value!r}")
