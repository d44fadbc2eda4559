"""The confusion matrix, and what follows from it: precision, recall, F1."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from dl.assess.checks import class_numbers, yes_or_no
from dl.errors import InputError

Average = Literal["macro", "weighted", "micro"]


def confusion_matrix(targets: Any, answers: Any, *, classes: int) -> np.ndarray:
    """How often an example of class i was taken for class j: int64 [K, K], a row for each target.

    Args:
        targets: the right classes [N].
        answers: the classes that were predicted [N].
        classes: K.

    Raises:
        InputError: for numbers that are no classes, and for unequal lengths.

    >>> confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], classes=2).tolist()
    [[1, 1], [0, 2]]
    """
    answered = np.asarray(answers)
    count = len(answered) if answered.ndim else 0
    right = class_numbers(targets, examples=count, classes=classes)
    taken = class_numbers(answered, examples=count, classes=classes, what="answer")
    pairs = np.bincount(right * classes + taken, minlength=classes * classes)
    return pairs.reshape(classes, classes)


class Averages(NamedTuple):
    """Precision, recall and F1 of several classes as one number each; nan where none has it."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, eq=False)
class Scores:
    """Counts of K classes, each against all others, and the ratios of these counts.

    `hits` [K] are the true positives, `predicted` [K] how often a class was the answer, `support`
    [K] how many examples it has. A ratio without any case is nan, as with `zero_division=nan` in
    scikit-learn, and such classes have no share in an average.

    >>> scores = class_scores(np.array([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
    >>> scores.precision.round(3).tolist(), scores.recall.tolist()
    ([1.0, 0.667, nan], [0.5, 1.0, nan])
    >>> scores.average("macro").recall
    0.75
    """

    hits: np.ndarray
    predicted: np.ndarray
    support: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        """TP / (TP + FP) [K]: how many of the answers are right; nan for a class never answered."""
        return _ratio(self.hits, self.predicted)

    @property
    def recall(self) -> np.ndarray:
        """TP / (TP + FN) [K]: how many of the examples are found; nan for a class without any."""
        return _ratio(self.hits, self.support)

    @property
    def f1(self) -> np.ndarray:
        """2 TP / (2 TP + FP + FN) [K], the harmonic mean of precision and recall."""
        return _ratio(2 * self.hits, self.predicted + self.support)

    def average(self, how: Average = "macro") -> Averages:
        """The mean over classes, the mean weighted by support, or the ratios of the summed counts.

        For classes that exclude each other all three micro averages are the accuracy.

        Raises:
            InputError: for another word.
        """
        if how == "micro":
            counts = (self.hits, self.predicted, self.support)
            whole = Scores(*(np.sum(each, keepdims=True) for each in counts))
            return Averages(*(float(one[0]) for one in (whole.precision, whole.recall, whole.f1)))
        if how not in ("macro", "weighted"):
            raise InputError(f"average {how!r} is not one of macro, weighted, micro")
        weights = None if how == "macro" else self.support
        return Averages(
            *(mean_of_defined(one, weights) for one in (self.precision, self.recall, self.f1))
        )


def class_scores(confusion: np.ndarray) -> Scores:
    """The scores of each class from a confusion matrix [K, K] (`confusion_matrix`)."""
    return Scores(np.diag(confusion).copy(), confusion.sum(axis=0), confusion.sum(axis=1))


def output_scores(targets: Any, answers: Any) -> Scores:
    """The scores of G yes-or-no outputs from targets and answers of 0 and 1, [N, G] or [N].

    >>> output_scores([1, 0, 1], [1, 1, 0]).f1.tolist()
    [0.5]
    """
    shape = np.shape(answers)
    given = yes_or_no(answers, shape=shape if len(shape) == 2 else (*shape, 1))
    real = yes_or_no(targets, shape=given.shape)
    return Scores(*(np.sum(each, axis=0) for each in (given & real, given, real)))


def mean_of_defined(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The mean of the `values` [K] that are not nan, weighted [K]; nan if there is none.

    Where all of their weights are 0 it is the plain mean, as in scikit-learn.

    >>> mean_of_defined(np.array([1.0, np.nan, 0.0]), np.array([3, 5, 1]))
    0.75
    """
    defined = ~np.isnan(values)
    if not defined.any():
        return float("nan")
    kept = None if weights is None else weights[defined]
    if kept is not None and not kept.any():
        kept = None
    return float(np.average(values[defined], weights=kept))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
