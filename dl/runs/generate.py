"""Text that a run's model writes."""

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
"""Steps between two looks at whether all documents have ended: a look goes through all that is
written.
"""


def generate(
    trained: Trained | Network,
    prime: str = "",
    *,
    length: int = 500,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
) -> Iterator[str]:
    """What follows `prime`, piece by piece, `length` symbols in all; of single documents it ends
    where they do.

    Raises:
        InputError: for a run that is no language model, symbols in the prime that it does not know,
            an empty prime where there is no end of documents to go on from, numbers out of range.
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
    """`count` documents from their beginning to their end, or cut after `longest` symbols.

    `before` is a document that the model reads first: one of a stream has only seen documents begin
    with the state that another ended with.

    Raises:
        InputError: for a run that is no language model of documents, numbers out of range.
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
    )
    rows: list[np.ndarray] = []
    for row in drawn:
        rows.append(row)
        if len(rows) % _LOOK_EVERY == 0 and (np.stack(rows) == vocabulary.end).any(axis=0).all():
            break
    columns = np.stack(rows, axis=1) if rows else np.zeros((count, 0), np.int32)
    return [vocabulary.decode(_until(column, vocabulary.end)) for column in columns]


def prime_numbers(vocabulary: Vocabulary, prime: str) -> np.ndarray:
    """The symbols that the model reads before it writes; documents begin with `END`."""
    numbers = vocabulary.encode(prime, unknown="refuse")
    if END in vocabulary.symbols:
        return np.concatenate([[vocabulary.end], numbers]).astype(np.int32)
    if not len(numbers):
        raise InputError("give --prime TEXT, one character at least, that the text goes on from")
    return numbers


def first_prime(vocabulary: Vocabulary) -> str:
    """A prime to begin with where none is given: nothing before documents, in a stream a line's end
    if it has any.
    """
    if END in vocabulary.symbols:
        return ""
    return (
        "\n" if "\n" in vocabulary.symbols or vocabulary.unit == "byte" else vocabulary.decode([0])
    )


def pieces(
    vocabulary: Vocabulary, numbers: Iterable[int], *, after: str = "", stop: bool = False
) -> Iterator[str]:
    """The text of symbols that follow the text `after`, as they come; with `stop` only up to the
    first `END`.

    A byte that is no character yet comes out with the one that completes it.

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
    found = np.flatnonzero(numbers == end)
    return numbers[: found[0]] if len(found) else numbers
