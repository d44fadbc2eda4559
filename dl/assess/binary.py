"""The report on yes-or-no outputs, from probabilities [N, G] and targets of 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dl.assess.calibration import Reliability, nats, reliability
from dl.assess.checks import names_of, yes_or_no, yes_probabilities
from dl.assess.ranking import average_precision, roc_auc
from dl.assess.report import defined, heading, plain_figures, report_html, rows_of, write_report
from dl.assess.scores import Scores, confusion_matrix, mean_of_defined
from dl.screen import escaped
from dl.tables import Table


@dataclass(frozen=True, eq=False, repr=False)
class BinaryReport:
    """How good G independent yes-or-no answers are; `print` shows it.

    `confusion` [G, 2, 2] counts, for each output, targets 0 and 1 (row) by answers 0 and 1
    (column); an answer is "yes" where its probability is above ½. `scores`, `roc_auc` and
    `average_precision` [G] are those of "yes". `accuracy` is the share of right answers over all
    outputs, `exact` that of examples whose answers are all right. `log_loss` and `brier`, the mean
    of (p − t)², are means over all outputs. `calibration` looks at the probability of "yes".
    Figures that do not exist are nan, and shown as a dash.
    """

    name: str
    output_names: tuple[str, ...]
    examples: int
    confusion: np.ndarray
    roc_auc: np.ndarray
    average_precision: np.ndarray
    exact: float
    log_loss: float
    brier: float
    calibration: Reliability

    @cached_property
    def scores(self) -> Scores:
        """Precision, recall and F1 of "yes" for each output, and their averages."""
        return Scores(
            self.confusion[:, 1, 1], self.confusion[:, :, 1].sum(1), self.confusion[:, 1].sum(1)
        )

    @property
    def accuracy(self) -> float:
        """The share of right answers over all outputs."""
        return float(np.trace(self.confusion, axis1=1, axis2=2).sum() / self.confusion.sum())

    @property
    def title(self) -> str:
        """What was looked at, in a line."""
        return heading(escaped(self.name), self.examples)

    def figures(self) -> dict[str, float]:
        """The figures of all examples together, by name."""
        several: dict[str, float] = {}
        if len(self.output_names) > 1:
            several = {
                "all outputs right": self.exact,
                "macro F1": self.scores.average("macro").f1,
                "micro F1": self.scores.average("micro").f1,
                "macro AUC": mean_of_defined(self.roc_auc),
            }
        return {
            "accuracy": self.accuracy,
            **several,
            "log loss": self.log_loss,
            "Brier score": self.brier,
            "calibration error": self.calibration.error,
        }

    def table(self) -> Table:
        """One row for each output, with its four counts."""
        scores = self.scores
        columns = {
            "precision": scores.precision,
            "recall": scores.recall,
            "f1": scores.f1,
            "auc": self.roc_auc,
            "average_precision": self.average_precision,
        }
        counts = ("true_yes", "false_yes", "true_no", "false_no")
        rows = [
            (
                escaped(name),
                *(defined(values[g]) for values in columns.values()),
                *(int(self.confusion[g][place]) for place in ((1, 1), (0, 1), (0, 0), (1, 0))),
            )
            for g, name in enumerate(self.output_names)
        ]
        return Table(
            ("output", *columns, *counts),
            rows,
            formats={**dict.fromkeys(columns, ".4f"), **dict.fromkeys(counts, ",")},
            headings={
                "f1": "F1",
                "auc": "AUC",
                "average_precision": "average precision",
                **{count: count.replace("_", " ") for count in counts},
            },
        )

    def tables(self) -> list[Table]:
        """Outputs and calibration."""
        return [self.table(), self.calibration.table()]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values for JSON; None where a figure does not exist."""
        return {
            "kind": "binary",
            "name": self.name,
            "examples": self.examples,
            **plain_figures(self.figures()),
            "outputs": rows_of(self.table()),
            "calibration": rows_of(self.calibration.table()),
        }

    def __str__(self) -> str:
        return write_report(self)

    def _repr_html_(self) -> str:
        return report_html(self)

    def __repr__(self) -> str:
        return f"BinaryReport({self.title}, accuracy {self.accuracy:.4f})"


def binary_report(
    probabilities: Any,
    targets: Any,
    *,
    output_names: Sequence[str] | None = None,
    name: str = "",
    bins: int = 15,
) -> BinaryReport:
    """The report on the probabilities of "yes", [N] or [N, G], for targets of 0 and 1.

    Raises:
        InputError: for numbers outside of [0, 1], other targets, unequal shapes, and no examples.

    >>> report = binary_report([0.9, 0.8, 0.3, 0.6], [1, 0, 0, 1])
    >>> report.accuracy, report.roc_auc.tolist(), report.confusion.tolist()
    (0.75, [0.75], [[[1, 1], [0, 2]]])
    """
    given = yes_probabilities(probabilities)
    real = yes_or_no(targets, shape=given.shape)
    answers = given > 0.5
    outputs = range(given.shape[1])
    return BinaryReport(
        name=name,
        output_names=names_of(output_names, len(outputs), "output"),
        examples=len(given),
        confusion=np.stack(
            [confusion_matrix(real[:, g] * 1, answers[:, g] * 1, classes=2) for g in outputs]
        ),
        roc_auc=np.array([roc_auc(given[:, g], real[:, g]) for g in outputs]),
        average_precision=np.array([average_precision(given[:, g], real[:, g]) for g in outputs]),
        exact=float(np.mean(np.all(answers == real, axis=1))),
        log_loss=float(np.mean(nats(np.where(real, given, 1.0 - given)))),
        brier=float(np.mean((given - real) ** 2)),
        calibration=reliability(given.ravel(), real.ravel(), bins=bins),
    )
