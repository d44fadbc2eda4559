"""Whether probabilities mean what they say: log loss, Brier score, reliability."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dl.assess.checks import class_numbers, class_probabilities
from dl.errors import InputError
from dl.tables import Table

_LEAST = np.finfo(np.float64).tiny


def log_loss(probabilities: Any, targets: Any) -> float:
    """The mean of −log p(right class), in nats, of probabilities [N, K] and class numbers [N].

    A probability of 0 counts as 2.2e-308, 708 nats, so that the mean is finite. (scikit-learn
    already stops at 2.2e-16, 36 nats.)

    >>> round(log_loss([[0.5, 0.5], [0.25, 0.75]], [0, 1]), 4)  # (ln 2 + ln 4/3) / 2
    0.4904
    """
    return float(np.mean(nats(_of_right_class(probabilities, targets))))


def brier_score(probabilities: Any, targets: Any) -> float:
    """The mean of Σ_k (p_k − t_k)², from 0 to 2, of probabilities [N, K] and class numbers [N].

    Source: Brier 1950. For two classes it is twice the mean of (p − t)².

    >>> brier_score([[0.5, 0.5], [0.0, 1.0]], [0, 1])
    0.25
    """
    rows, own = class_probabilities(probabilities), _of_right_class(probabilities, targets)
    return float(np.mean(np.sum(rows**2, axis=1) - own**2 + (1.0 - own) ** 2))


def nats(probabilities: np.ndarray) -> np.ndarray:
    """−log p of any shape, finite for p = 0."""
    return -np.log(np.maximum(probabilities, _LEAST))


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers in B bins of equal width by their probability, and how many of each are right.

    Bin b holds probabilities in (b/B, (b + 1)/B], the first one also 0. `counts` [B] answers have
    the mean probability `confidence` [B] and the share `accuracy` [B] of right ones; both are nan
    in an empty bin.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def edges(self) -> np.ndarray:
        """The ends of the bins, [B + 1]."""
        return np.linspace(0.0, 1.0, len(self.counts) + 1)

    @property
    def error(self) -> float:
        """The expected calibration error, Σ_b n_b/N |accuracy_b − confidence_b|.

        Source: Naeini et al. 2015; Guo et al. 2017.
        """
        return float(np.nansum(self.counts * self._gaps) / self.counts.sum())

    @property
    def largest_error(self) -> float:
        """The largest |accuracy_b − confidence_b| of a bin."""
        return float(np.nanmax(self._gaps))

    def table(self) -> Table:
        """One row for each bin that is not empty."""
        edges = self.edges
        rows = [
            (
                f"{edges[b]:.3f}–{edges[b + 1]:.3f}",
                int(self.counts[b]),
                float(self.confidence[b]),
                float(self.accuracy[b]),
            )
            for b in np.flatnonzero(self.counts)
        ]
        return Table(
            ("probability", "answers", "mean", "right"),
            rows,
            formats={"answers": ",", "mean": ".4f", "right": ".4f"},
            title="calibration: answers by their probability",
        )

    @property
    def _gaps(self) -> np.ndarray:
        return np.abs(self.accuracy - self.confidence)


def reliability(probabilities: Any, right: Any, *, bins: int = 15) -> Reliability:
    """Answers of `probabilities` [N] of which those are right where `right` [N] is 1.

    For classes, give the probability of the predicted class, and whether it was the right one; for
    a yes-or-no output, the probability of "yes" and whether the target was 1.

    Raises:
        InputError: for unequal lengths, no answer, numbers outside of [0, 1], and no bin.

    >>> found = reliability([0.9, 0.9, 0.2, 0.4], [1, 0, 0, 1], bins=2)
    >>> found.counts.tolist(), round(found.error, 2)  # ½ |0.5 − 0.3| + ½ |0.5 − 0.9|
    ([2, 2], 0.3)
    """
    given, hits = np.asarray(probabilities, np.float64), np.asarray(right)
    if given.shape != hits.shape or given.ndim != 1 or not len(given):
        raise InputError(
            f"probabilities are {list(given.shape)}, right {list(hits.shape)}: give [N] of both"
        )
    if bins < 1:
        raise InputError(f"{bins} bins hold no answer: give at least 1")
    if not ((given >= 0) & (given <= 1 + 1e-3)).all():
        raise InputError("probabilities are outside of [0, 1]: give numbers from 0 to 1")
    place = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], given)
    counts, summed, found = (
        np.bincount(place, weights, minlength=bins) for weights in (None, given, hits)
    )
    empty = np.where(counts > 0, counts, np.nan)
    return Reliability(counts, summed / empty, found / empty)


def _of_right_class(probabilities: Any, targets: Any) -> np.ndarray:
    """The probability of the right class of each example, [N]."""
    rows = class_probabilities(probabilities)
    right = class_numbers(targets, examples=len(rows), classes=rows.shape[1])
    return np.take_along_axis(rows, right[:, None], axis=1)[:, 0]
