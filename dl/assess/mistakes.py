"""Single mistakes: the most confident ones, and the pairs of classes that are confused most."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.assess.checks import class_numbers, class_probabilities
from dl.screen import escaped
from dl.tables import Table


class Mistake(NamedTuple):
    """An example that was taken for another class.

    `index` is its place among the examples, `probability` what the wrong `answer` was given,
    `target_probability` what was left for the right class. `name` is what the example is called,
    such as its file.
    """

    index: int
    target: int
    answer: int
    probability: float
    target_probability: float
    name: str = ""


class ConfusedPair(NamedTuple):
    """How often class `target` was taken for class `answer`: `share` of its examples."""

    target: int
    answer: int
    count: int
    share: float


def worst_mistakes(
    probabilities: Any,
    targets: Any,
    *,
    count: int = 16,
    name: Callable[[int], str] = lambda index: "",
) -> tuple[Mistake, ...]:
    """The wrong answers with the largest probabilities [N, K], at most `count`, the worst first.

    Of equally bad ones the first example comes first. `name` says what the example of an index is
    called.

    >>> worst_mistakes([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]], [1, 1, 1])[0]
    Mistake(index=0, target=1, answer=0, probability=0.9, target_probability=0.1, name='')
    """
    rows = class_probabilities(probabilities)
    right = class_numbers(targets, examples=len(rows), classes=rows.shape[1])
    answers, highest = rows.argmax(axis=1), rows.max(axis=1)
    wrong = np.flatnonzero(answers != right)
    worst = wrong[np.argsort(-highest[wrong], kind="stable")][: max(count, 0)]
    return tuple(
        Mistake(
            index=int(index),
            target=int(right[index]),
            answer=int(answers[index]),
            probability=float(highest[index]),
            target_probability=float(rows[index, right[index]]),
            name=name(int(index)),
        )
        for index in worst
    )


def most_confused(targets: Any, answers: Any, *, count: int = 10) -> tuple[ConfusedPair, ...]:
    """The pairs of different classes that occur most among targets [N] and answers [N].

    >>> most_confused(np.array([4, 4, 9, 4]), np.array([9, 9, 4, 4]))[0]
    ConfusedPair(target=4, answer=9, count=2, share=0.6666666666666666)
    """
    right, taken = np.asarray(targets), np.asarray(answers)
    wrong = right != taken
    pairs, counts = np.unique(
        np.stack([right[wrong], taken[wrong]], axis=1), axis=0, return_counts=True
    )
    most = np.argsort(-counts, kind="stable")[: max(count, 0)]
    return tuple(
        ConfusedPair(
            int(target), int(answer), int(times), int(times) / int(np.sum(right == target))
        )
        for (target, answer), times in zip(pairs[most], counts[most], strict=True)
    )


def pairs_table(pairs: Sequence[ConfusedPair], names: Sequence[str]) -> Table:
    """One row for each pair, with the names of the classes."""
    return Table(
        ("class", "taken for", "times", "share"),
        [(escaped(names[p.target]), escaped(names[p.answer]), p.count, p.share) for p in pairs],
        formats={"times": ",", "share": ".1%"},
        headings={"share": "share of the class"},
        title="most confused classes",
    )


def with_names(one: Mistake | ConfusedPair, names: Sequence[str]) -> dict[str, Any]:
    """A mistake or a pair as plain values for JSON, with the `names` [K] of its classes.

    >>> with_names(ConfusedPair(0, 1, count=2, share=0.5), ("cat", "dog"))
    {'target': 'cat', 'answer': 'dog', 'count': 2, 'share': 0.5}
    """
    return {**one._asdict(), "target": names[one.target], "answer": names[one.answer]}


def mistakes_table(mistakes: Sequence[Mistake], names: Sequence[str]) -> Table:
    """One row for each mistake, with the names of the classes and of the example."""
    return Table(
        ("example", "class", "taken for", "probability", "of the class"),
        [
            (
                escaped(one.name) or str(one.index),
                escaped(names[one.target]),
                escaped(names[one.answer]),
                one.probability,
                one.target_probability,
            )
            for one in mistakes
        ],
        formats={"probability": ".4f", "of the class": ".4f"},
        headings={"of the class": "of the right class"},
        title="worst mistakes, the most confident first",
    )
