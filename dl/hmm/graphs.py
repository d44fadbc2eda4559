"""Which states follow each other: words in any order, or the words of a known string.

A word has several states, which are passed from left to right; a pause has one. State number s of
word k is k · states + s, the pause comes last.
"""

from collections.abc import Sequence
from itertools import chain as chained
from typing import NamedTuple

import numpy as np

from dl.errors import InputError

_NEVER = -np.inf


class Graph(NamedTuple):
    """`states` [G] are the numbers of the places' states; ln p of starts, steps and ends."""

    states: np.ndarray
    log_start: np.ndarray
    log_steps: np.ndarray
    log_end: np.ndarray


def loop(log_stay: np.ndarray, words: int, states: int, *, penalty: float = 0.0) -> Graph:
    """All words after each other in any order, with or without pauses between.

    `log_stay` [S] is ln p of staying in a state for another frame. Every word costs `penalty`: a
    higher one prefers strings of fewer words.

    Raises:
        InputError: for words of fewer than 2 states.

    >>> graph = loop(np.log(np.full(5, 0.5)), words=2, states=2)
    >>> np.exp(graph.log_steps[1]).round(3).tolist()  # stay, a word or the pause
    [0.125, 0.5, 0.125, 0.0, 0.25]
    """
    check_states(states)
    size = words * states + 1
    firsts, lasts, pause = (
        np.arange(words) * states,
        np.arange(words) * states + states - 1,
        size - 1,
    )
    leave = _log_leave(log_stay)
    steps = _forward(log_stay, size)
    steps[lasts, np.minimum(lasts + 1, pause)] = _NEVER
    steps[np.ix_(lasts, firsts)] = leave[lasts, None] + np.log(0.5 / words) - penalty
    steps[lasts, pause] = leave[lasts] + np.log(0.5)
    steps[pause, firsts] = leave[pause] - np.log(words) - penalty
    start, end = np.full(size, _NEVER), np.full(size, _NEVER)
    start[firsts], start[pause] = np.log(0.5 / words) - penalty, np.log(0.5)
    end[lasts], end[pause] = 0.0, 0.0
    return Graph(np.arange(size), start, steps, end)


def chain(labels: Sequence[int], log_stay: np.ndarray, states: int) -> Graph:
    """The words of a known string, one after the other, each behind a pause that may be left out.

    >>> chain([1], np.log(np.full(5, 0.5)), states=2).states.tolist()
    [4, 2, 3, 4]
    """
    pause = len(log_stay) - 1
    inside = [(pause, *range(label * states, (label + 1) * states)) for label in labels]
    places = np.array([*chained.from_iterable(inside), pause])
    stay = log_stay[places]
    leave, size = _log_leave(stay), len(places)
    steps = _forward(stay, size)
    for last in range(states, size - 1, states + 1):  # from the end of a word over the pause
        steps[last, last + 1] = leave[last] + np.log(0.5)
        if last + 2 < size:
            steps[last, last + 2] = leave[last] + np.log(0.5)
    start, end = np.full(size, _NEVER), np.full(size, _NEVER)
    start[:2], end[-2:] = np.log(0.5), 0.0
    return Graph(places, start, steps, end)


def read_words(path: Sequence[int] | np.ndarray, words: int, states: int) -> list[int]:
    """The words of a path of state numbers [F]: one begins where its first state is entered.

    >>> read_words([4, 0, 0, 1, 0, 1, 4, 2, 3], words=2, states=2)
    [0, 0, 1]
    """
    path = np.asarray(path)
    return (path[word_starts(path, words, states)] // states).tolist()


def word_starts(path: np.ndarray, words: int, states: int) -> np.ndarray:
    """Whether a word begins in each frame of a path of state numbers: bool [F].

    >>> word_starts(np.array([4, 0, 0, 1, 0]), words=2, states=2).tolist()
    [False, True, False, False, True]
    """
    entered = np.concatenate([[True], path[1:] != path[:-1]])
    return entered & (path % states == 0) & (path < words * states)


def check_states(states: int) -> None:
    """Refuse words of fewer than 2 states: one said twice would look like one that is longer."""
    if states < 2:
        raise InputError(f"words have at least 2 states, a beginning and an end, not {states}")


def _log_leave(log_stay: np.ndarray) -> np.ndarray:
    return np.log1p(-np.exp(np.minimum(log_stay, -1e-6)))


def _forward(log_stay: np.ndarray, size: int) -> np.ndarray:
    """Steps of staying, and of going on to the next state."""
    steps = np.full((size, size), _NEVER)
    place = np.arange(size)
    steps[place, place] = log_stay
    steps[place[:-1], place[1:]] = _log_leave(log_stay)[:-1]
    return steps
