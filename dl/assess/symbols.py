"""The report on a language model, from a few numbers for each predicted symbol."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dl.assess.calibration import Reliability, reliability
from dl.assess.mistakes import ConfusedPair, most_confused, pairs_table, with_names
from dl.assess.report import defined, heading, plain_figures, report_html, rows_of, write_report
from dl.assess.scores import Scores
from dl.errors import InputError
from dl.screen import escaped
from dl.tables import Table

MOST_SYMBOLS = 20
"""How many symbols people are shown: the most frequent ones."""


@dataclass(frozen=True, eq=False, repr=False)
class SymbolReport:
    """How well each of N symbols is predicted from those before it; `print` shows it.

    `targets` and `answers` [N] are the numbers of the real and of the most probable symbol, `ranks`
    [N] the place of the real one (0 for the first), `nats` [N] its −log p. `calibration` looks at
    the probability of the answers. The probabilities of all V symbols are not kept, so that a
    vocabulary may be large; AUC and Brier score would need them.
    """

    name: str
    symbols: tuple[str, ...]
    targets: np.ndarray
    answers: np.ndarray
    ranks: np.ndarray
    nats: np.ndarray
    calibration: Reliability

    @property
    def loss(self) -> float:
        """The mean of −log p, in nats a symbol."""
        return float(np.mean(self.nats))

    @property
    def accuracy(self) -> float:
        """How often the most probable symbol is the real one."""
        return self.top_k(1)

    def top_k(self, k: int) -> float:
        """How often the real symbol is among the `k` most probable ones."""
        return float(np.mean(self.ranks < k))

    @cached_property
    def scores(self) -> Scores:
        """Precision, recall and F1 of each symbol."""
        hits = self.targets[self.targets == self.answers]
        counted = (hits, self.answers, self.targets)
        return Scores(*(np.bincount(each, minlength=len(self.symbols)) for each in counted))

    @cached_property
    def symbol_nats(self) -> np.ndarray:
        """The mean −log p of each symbol [V]; nan for one that does not occur."""
        support = self.scores.support
        summed = np.bincount(self.targets, self.nats, minlength=len(self.symbols))
        return np.divide(summed, support, out=np.full(len(support), np.nan), where=support > 0)

    @cached_property
    def confused(self) -> tuple[ConfusedPair, ...]:
        """The pairs of symbols that are confused most."""
        return most_confused(self.targets, self.answers)

    @property
    def title(self) -> str:
        """What was looked at, in a line."""
        return heading(escaped(self.name), len(self.targets), "symbols")

    def figures(self) -> dict[str, float]:
        """The figures of all symbols together, by name."""
        return {
            "loss": self.loss,
            "bits": self.loss / float(np.log(2.0)),
            "perplexity": float(np.exp(min(self.loss, 700.0))),
            "accuracy": self.accuracy,
            **{f"top-{k} accuracy": self.top_k(k) for k in (5, 10) if k < len(self.symbols)},
            "mean reciprocal rank": float(np.mean(1.0 / (self.ranks + 1.0))),
            "calibration error": self.calibration.error,
        }

    def table(self) -> Table:
        """One row for each symbol of the vocabulary."""
        return self._symbol_table(range(len(self.symbols)))

    def tables(self) -> list[Table]:
        """The most frequent symbols, the most confused ones, calibration."""
        order = np.argsort(-self.scores.support, kind="stable")[:MOST_SYMBOLS]
        title = f"the {len(order)} most frequent of {len(self.symbols):,} symbols"
        shown = [self._symbol_table(order.tolist(), title=title)]
        if self.confused:
            shown.append(pairs_table(self.confused, [_shown(one) for one in self.symbols]))
        return [*shown, self.calibration.table()]

    def to_dict(self) -> dict[str, Any]:
        """All figures, as plain values for JSON; None where a figure does not exist."""
        return {
            "kind": "language",
            "name": self.name,
            "symbols": len(self.targets),
            **plain_figures(self.figures()),
            "vocabulary": rows_of(self.table()),
            "most_confused": [with_names(one, self.symbols) for one in self.confused],
            "calibration": rows_of(self.calibration.table()),
        }

    def __str__(self) -> str:
        return write_report(self)

    def _repr_html_(self) -> str:
        return report_html(self)

    def __repr__(self) -> str:
        return f"SymbolReport({self.title}, loss {self.loss:.4f})"

    def _symbol_table(self, numbers: Sequence[int], *, title: str = "") -> Table:
        scores = self.scores
        return Table(
            ("symbol", "precision", "recall", "nats", "times", "answers"),
            [
                (
                    _shown(self.symbols[number]),
                    defined(scores.precision[number]),
                    defined(scores.recall[number]),
                    defined(self.symbol_nats[number]),
                    int(scores.support[number]),
                    int(scores.predicted[number]),
                )
                for number in numbers
            ],
            formats={
                **dict.fromkeys(("precision", "recall", "nats"), ".4f"),
                "times": ",",
                "answers": ",",
            },
            title=title,
        )


def symbol_report(
    targets: Any,
    answers: Any,
    *,
    ranks: Any,
    nats: Any,
    confidence: Any,
    symbols: Sequence[str],
    name: str = "",
    bins: int = 15,
) -> SymbolReport:
    """The report on N predicted symbols of the vocabulary `symbols`; see `SymbolReport`.

    `confidence` [N] is the probability of each answer.

    Raises:
        InputError: for arrays of unequal lengths, and no symbol.

    >>> half = np.log(2.0) * np.ones(2)
    >>> report = symbol_report([0, 1], [0, 0], ranks=[0, 1], nats=half, confidence=[0.5, 0.5],
    ...                        symbols=("a", "b"))
    >>> report.accuracy, round(report.figures()["perplexity"], 6)
    (0.5, 2.0)
    """
    arrays = [np.asarray(each) for each in (targets, answers, ranks, nats, confidence)]
    lengths = {each.shape for each in arrays}
    if len(lengths) != 1 or arrays[0].ndim != 1 or not len(arrays[0]):
        raise InputError(
            f"targets, answers, ranks, nats and confidence are {sorted(lengths)}: "
            "give [N] of each, at least one symbol"
        )
    real, taken, places, costs, given = arrays
    calibration = reliability(np.minimum(given, 1.0), real == taken, bins=bins)
    return SymbolReport(
        name, tuple(symbols), real, taken, places, costs.astype(np.float64), calibration
    )


def _shown(symbol: str) -> str:
    """A symbol that can be seen: blanks and line ends are written out.

    >>> _shown(" "), _shown("the")
    ("' '", 'the')
    """
    return repr(symbol) if not symbol.strip() else escaped(symbol)
