"""Text written by a language model."""

import codecs
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.runs.trained import Trained
from dl.sampling import sample
from dl.train.network import Network

_LOOK_EVERY = 100
"""Steps between two checks that all documents have ended; a check reads all steps so far."""


def generate(
    trained: Trained | Network,
    prime: str = "",
    *,
    length: int = 500,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
) -> Iterator[str]:
    """Write `length` symbols after `prime`, piece by piece; a model of documents may end sooner.

    Raises:
        InputError: when the model is no language model, does not know a symbol of `prime`, or needs
            a prime that is not empty; for numbers out of range.
    """
    network = trained.network
    vocabulary = _vocabulary(network)
    numbers = prime_numbers(vocabulary, prime)
    drawn = sample(
        network.model,
        network.params,
        network.model_state,
        numbers,
        length=length,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
        precision=network.precision,
    )
    return pieces(
        vocabulary, (int(row[0]) for row in drawn), after=prime, stop=network.described.ragged
    )


def generate_documents(
    trained: Trained | Network,
    count: int,
    *,
    longest: int,
    before: str = "",
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
) -> list[str]:
    """Write `count` documents, each to its end or to `longest` symbols.

    The model reads the document `before` first. A model of a stream needs it, because in training
    every document begins with the state after another one.

    Raises:
        InputError: when the model is no language model of documents; for numbers out of range.
    """
    network = trained.network
    vocabulary = _vocabulary(network)
    prime = [vocabulary.end]
    if before:
        prime = [*prime, *vocabulary.encode(before), *prime]
    drawn = sample(
        network.model,
        network.params,
        network.model_state,
        np.array(prime, np.int32),
        length=longest,
        rows=count,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
        precision=network.precision,
    )
    rows: list[np.ndarray] = []
    for row in drawn:
        rows.append(row)
        if len(rows) % _LOOK_EVERY == 0 and (np.stack(rows) == vocabulary.end).any(axis=0).all():
            break
    columns = np.stack(rows, axis=1) if rows else np.zeros((count, 0), np.int32)
    return [vocabulary.decode(_until(column, vocabulary.end)) for column in columns]


def prime_numbers(vocabulary: Vocabulary, prime: str) -> np.ndarray:
    """The symbol numbers that the model reads before it writes; documents begin with `END`."""
    numbers = vocabulary.encode(prime, unknown="refuse")
    if END in vocabulary.symbols:
        return np.concatenate([[vocabulary.end], numbers]).astype(np.int32)
    if not len(numbers):
        raise InputError("give --prime TEXT, one character at least, that the text goes on from")
    return numbers


def first_prime(vocabulary: Vocabulary) -> str:
    """The default prime: nothing for documents, a line's end for a stream, or its first symbol."""
    if END in vocabulary.symbols:
        return ""
    return (
        "\n" if "\n" in vocabulary.symbols or vocabulary.unit == "byte" else vocabulary.decode([0])
    )


def pieces(
    vocabulary: Vocabulary, numbers: Iterable[int], *, after: str = "", stop: bool = False
) -> Iterator[str]:
    """The text of the symbols `numbers`, piece by piece; with `stop` only up to the first `END`.

    `after` is the text before them. Bytes are held back until they complete a character.

    >>> list(pieces(Vocabulary("word", ("a", "b", END)), [0, 1, 2, 0], after="b", stop=True))
    [' a', ' b']
    """
    end = vocabulary.symbols.index(END) if END in vocabulary.symbols else None
    kept = itertools.takewhile(lambda number: number != end, numbers) if stop else numbers
    if vocabulary.unit == "byte":
        yield from codecs.iterdecode(
            (bytes([n]) if n < 256 else b"\n" for n in kept), "utf-8", errors="replace"
        )
        return
    for number in kept:
        blank = " " if vocabulary.unit == "word" and after else ""
        after = vocabulary.decode([number])
        yield blank + after


def _vocabulary(network: Network) -> Vocabulary:
    spec = network.described
    if not spec.kind.predicts_symbols:
        raise InputError(
            f"{network.model.name} was trained on {spec.name} (task: {spec.task}) and writes no "
            f"text: give the run of a language model"
        )
    return spec.text


def _until(numbers: np.ndarray, end: int) -> np.ndarray:
    ends = np.flatnonzero(numbers == end)
    return numbers[: ends[0]] if len(ends) else numbers
