"""Predictions of an n-gram model: of a text, of the next symbol, and samples (H5)."""

import math

import numpy as np

from dl.errors import InputError
from dl.ngram.kneser_ney import NGram, as_tokens


def log_probabilities(model: NGram, tokens: np.ndarray) -> np.ndarray:
    """ln p(w_t | the symbols before it) of tokens [N]: [N] nats; the first have a shorter context.

    Minus the mean is the nats per symbol, and exp of that the perplexity. Source: H5.

    Raises:
        InputError: for symbols outside of the model's range.

    >>> from dl.ngram import fit
    >>> model = fit(np.array([0, 1, 0, 1, 0]), order=2, symbols=3)
    >>> np.exp(log_probabilities(model, np.array([0, 1]))).round(3).tolist()
    [0.5, 0.667]
    """
    tokens = as_tokens(tokens, model.symbols)
    p = np.full(len(tokens), 1.0 / model.symbols)
    contexts = np.zeros(len(tokens), np.int64)
    for level in model.levels:
        # After an unseen context, which is −1, the code is below 0 and never among the level's.
        codes = contexts * model.symbols + tokens
        numbers = np.minimum(np.searchsorted(level.codes, codes), len(level.codes) - 1)
        seen = level.codes[numbers] == codes
        backoffs = np.where(contexts >= 0, level.backoffs[contexts], 1.0)
        p = np.where(seen, level.probabilities[numbers], backoffs * p)
        contexts[1:], contexts[:1] = np.where(seen, numbers, -1)[:-1], -1
    return np.log(p)


def distribution(model: NGram, context: np.ndarray) -> np.ndarray:
    """p(w | context) of every symbol w after a context [C] of any length: [symbols], with sum 1.

    Source: H5.

    Raises:
        InputError: for symbols outside of the model's range.

    >>> from dl.ngram import fit
    >>> model = fit(np.array([0, 1, 0, 1, 0]), order=2, symbols=3)
    >>> distribution(model, np.array([0])).round(3).tolist()
    [0.25, 0.667, 0.083]
    """
    return _distribution(model, _read(model, as_tokens(context, model.symbols, name="contexts")))


def sample(
    model: NGram,
    prime: np.ndarray,
    *,
    length: int,
    temperature: float = 1.0,
    seed: int = 0,
    stop: int | None = None,
) -> np.ndarray:
    """`length` symbols, int32, drawn one after another to follow the prime [P], which may be empty.

    If `stop` is drawn, the symbols end before it. Each is drawn with p(w | context)^(1 /
    temperature), normalised, as argmax_w ln p + temperature · g_w with g from the Gumbel
    distribution; at temperature 0 it is the most probable. The same seed draws the same symbols.
    Source: H3, H5.

    Raises:
        InputError: for symbols outside of the model's range, a length, temperature or seed below 0.
    """
    if not 0 <= temperature < math.inf:
        raise InputError(
            f"a temperature is a number from 0 on, not {temperature}: "
            f"1 samples from the model as it is"
        )
    if length < 0 or seed < 0:
        raise InputError(f"length and seed are whole numbers from 0 on, not {length} and {seed}")
    contexts = _read(model, as_tokens(prime, model.symbols, name="the symbols of a prime"))
    generator = np.random.Generator(np.random.Philox(key=seed))
    drawn = np.empty(length, np.int32)
    for t in range(length):
        noise = generator.gumbel(size=model.symbols)
        drawn[t] = np.argmax(np.log(_distribution(model, contexts)) + temperature * noise)
        if drawn[t] == stop:
            return drawn[:t]
        contexts = _advance(model, contexts, int(drawn[t]))
    return drawn


def _read(model: NGram, tokens: np.ndarray) -> list[int]:
    """The numbers of the contexts of length 0, 1, ... that end `tokens`, up to the longest seen."""
    contexts = [0]
    for token in tokens[max(0, len(tokens) - model.order + 1) :]:
        contexts = _advance(model, contexts, int(token))
    return contexts


def _advance(model: NGram, contexts: list[int], token: int) -> list[int]:
    """The contexts one symbol later."""
    later = [0]
    for level, context in zip(model.levels[:-1], contexts, strict=False):
        code = context * model.symbols + token
        number = int(level.codes.searchsorted(code))
        if number == len(level.codes) or level.codes[number] != code:
            break
        later.append(number)
    return later


def _distribution(model: NGram, contexts: list[int]) -> np.ndarray:
    p = np.full(model.symbols, 1.0 / model.symbols)
    for level, context in zip(model.levels, contexts, strict=False):
        start, stop = level.codes.searchsorted(
            [context * model.symbols, (context + 1) * model.symbols]
        )
        p *= level.backoffs[context]
        p[level.codes[start:stop] % model.symbols] = level.probabilities[start:stop]
    return p
