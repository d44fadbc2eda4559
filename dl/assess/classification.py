"""The report on a classifier, from probabilities [N, K] and class numbers [N]."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dl.assess.calibration import Reliability, brier_score, log_loss, reliability
from dl.assess.checks import class_numbers, class_probabilities, names_of
from dl.assess.mistakes import (
    ConfusedPair,
    Mistake,
    mistakes_table,
    most_confused,
    pairs_table,
    with_names,
    worst_mistakes,
)
from dl.assess.ranking import average_precision, class_ranks, roc_auc
from dl.assess.report import defined, heading, plain_figures, report_html, rows_of, write_report
from dl.assess.scores import Scores, class_scores, confusion_matrix, mean_of_defined
from dl.screen import escaped
from dl.tables import Table

MOST_CLASSES = 20
"""How many classes people are shown: of more, those with the lowest F1, and no confusion matrix."""


@dataclass(frozen=True, eq=False, repr=False)
class ClassificationReport:
    """How good the predictions of a classifier are; `print` shows it.

    `confusion` [K, K] counts the examples of each class (row) by the class that was predicted
    (column); `scores` has precision, recall and F1 of each class; `roc_auc` and
    `average_precision` [K] take each class against all others. `ranks` [N] is the place of the
    right class, 0 if it was predicted. `calibration` looks at the probability of the predicted
    class. Figures that do not exist, such as the recall of a class without examples, are nan, are
    left out of averages, and are shown as a dash.
    """

    name: str
    class_names: tuple[str, ...]
    confusion: np.ndarray
    ranks: np.ndarray
    roc_auc: np.ndarray
    average_precision: np.ndarray
    log_loss: float
    brier: float
    calibration: Reliability
    mistakes: tuple[Mistake, ...]
    confused: tuple[ConfusedPair, ...]

    @property
    def examples(self) -> int:
        """The number of examples."""
        return len(self.ranks)

    @cached_property
    def scores(self) -> Scores:
        """Precision, recall and F1 of each class, and their averages."""
        return class_scores(self.confusion)

    @property
    def accuracy(self) -> float:
        """How often the predicted class is the right one."""
        return self.top_k(1)

    def top_k(self, k: int) -> float:
        """How often the right class is among the `k` most probable ones."""
        return float(np.mean(self.ranks < k))

    @property
    def title(self) -> str:
        """What was looked at, in a line."""
        return heading(escaped(self.name), self.examples)

    def figures(self) -> dict[str, float]:
        """The figures of all examples together, by name."""
        classes = len(self.class_names)
        top = {f"top-{k} accuracy": self.top_k(k) for k in (3, 5) if k < classes}
        macro, weighted = self.scores.average("macro"), self.scores.average("weighted")
        return {
            "accuracy": self.accuracy,
            **top,
            "macro F1": macro.f1,
            "weighted F1": weighted.f1,
            "macro AUC": mean_of_defined(self.roc_auc),
            "weighted AUC": mean_of_defined(self.roc_auc, self.scores.support),
            "log loss": self.log_loss,
            "Brier score": self.brier,
            "calibration error": self.calibration.error,
        }

    def table(self) -> Table:
        """One row for each class, then the macro and the weighted averages."""
        return self._class_table(range(len(self.class_names)))

    def tables(self) -> list[Table]:
        """Classes, confusion matrix, most confused classes, calibration, worst mistakes."""
        few = len(self.class_names) <= MOST_CLASSES
        shown = [self.table() if few else self._lowest_classes()]
        if few:
            shown.append(self.confusion_table())
        if self.confused:
            shown.append(pairs_table(self.confused, self.class_names))
        shown.append(self.calibration.table())
        if self.mistakes:
            shown.append(mistakes_table(self.mistakes, self.class_names))
        return shown

    def confusion_table(self) -> Table:
        """A row for each class, and a column for each predicted class, by their numbers."""
        columns = [str(number) for number in range(len(self.class_names))]
        rows = [
            (f"{number} {escaped(name)}" if name != str(number) else name, *map(int, row))
            for number, (name, row) in enumerate(zip(self.class_names, self.confusion, strict=True))
        ]
        return Table(
            ("class", *columns),
            rows,
            formats=dict.fromkeys(columns, _count),
            title="confusion matrix: a row for each class, a column for each answer",
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values for JSON; None where a figure does not exist."""
        return {
            "kind": "classification",
            "name": self.name,
            "examples": self.examples,
            **plain_figures(self.figures()),
            "classes": rows_of(self._class_table(range(len(self.class_names)), averages=False)),
            "averages": rows_of(self._class_table(())),
            "confusion_matrix": self.confusion.tolist(),
            "most_confused": [with_names(one, self.class_names) for one in self.confused],
            "calibration": rows_of(self.calibration.table()),
            "worst_mistakes": [with_names(one, self.class_names) for one in self.mistakes],
        }

    def __str__(self) -> str:
        return write_report(self)

    def _repr_html_(self) -> str:
        return report_html(self)

    def __repr__(self) -> str:
        return f"ClassificationReport({self.title}, accuracy {self.accuracy:.4f})"

    def _lowest_classes(self) -> Table:
        order = np.argsort(self.scores.f1, kind="stable")[:MOST_CLASSES]
        title = f"{MOST_CLASSES} of {len(self.class_names):,} classes, the lowest F1 first"
        return self._class_table(order.tolist(), title=title)

    def _class_table(
        self, classes: Sequence[int], *, averages: bool = True, title: str = ""
    ) -> Table:
        scores = self.scores
        columns = {
            "precision": scores.precision,
            "recall": scores.recall,
            "f1": scores.f1,
            "auc": self.roc_auc,
            "average_precision": self.average_precision,
        }
        rows = [
            (
                escaped(self.class_names[k]),
                *(defined(values[k]) for values in columns.values()),
                int(scores.support[k]),
                int(scores.predicted[k]),
            )
            for k in classes
        ]
        for word, weights in (("macro", None), ("weighted", scores.support)):
            means = [defined(mean_of_defined(values, weights)) for values in columns.values()]
            if averages:
                rows.append((f"{word} average", *means, self.examples, self.examples))
        return Table(
            ("class", *columns, "examples", "answers"),
            rows,
            formats={**dict.fromkeys(columns, ".4f"), "examples": ",", "answers": ","},
            headings={"f1": "F1", "auc": "AUC", "average_precision": "average precision"},
            title=title,
        )


def classification_report(
    probabilities: Any,
    targets: Any,
    *,
    class_names: Sequence[str] | None = None,
    name: str = "",
    bins: int = 15,
    mistakes: int = 16,
    example_name: Callable[[int], str] = lambda index: "",
) -> ClassificationReport:
    """The report on `probabilities` [N, K] for the class numbers `targets` [N].

    Args:
        probabilities: what a classifier gives, such as `trained.probabilities(inputs)`.
        targets: the right classes, from 0 to K − 1.
        class_names: the K names of the classes; numbers if none are given.
        name: what was looked at, for the title.
        bins: how many bins the calibration has.
        mistakes: how many of the worst mistakes are kept.
        example_name: what the example of an index is called.

    Raises:
        InputError: for probabilities that do not sum to 1, targets that are no class, unequal
            lengths, and no examples.

    >>> report = classification_report(
    ...     [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1], class_names=("cat", "dog")
    ... )
    >>> report
    ClassificationReport(3 examples, accuracy 0.6667)
    >>> report.confusion.tolist(), report.scores.recall.tolist()
    ([[1, 0], [1, 1]], [1.0, 0.5])
    >>> print(report.confusion_table().text())
    confusion matrix: a row for each class, a column for each answer
    class  0  1
    0 cat  1  ·
    1 dog  1  1
    """
    rows = class_probabilities(probabilities)
    classes = rows.shape[1]
    right = class_numbers(targets, examples=len(rows), classes=classes)
    answers = rows.argmax(axis=1)
    return ClassificationReport(
        name=name,
        class_names=names_of(class_names, classes),
        confusion=confusion_matrix(right, answers, classes=classes),
        ranks=class_ranks(rows, right),
        roc_auc=np.array([roc_auc(rows[:, k], right == k) for k in range(classes)]),
        average_precision=np.array(
            [average_precision(rows[:, k], right == k) for k in range(classes)]
        ),
        log_loss=log_loss(rows, right),
        brier=brier_score(rows, right),
        calibration=reliability(rows.max(axis=1), answers == right, bins=bins),
        mistakes=worst_mistakes(rows, right, count=mistakes, name=example_name),
        confused=most_confused(right, answers),
    )


def _count(cell: int) -> str:
    """Zeros as dots, so that mistakes stand out."""
    return f"{cell:,}" if cell else "·"
