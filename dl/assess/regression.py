"""The report on predicted numbers, from outputs and targets [N, F]."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl.assess.checks import names_of
from dl.assess.report import defined, heading, plain_figures, report_html, rows_of, write_report
from dl.assess.scores import mean_of_defined
from dl.errors import InputError
from dl.screen import escaped
from dl.tables import Table


@dataclass(frozen=True, eq=False, repr=False)
class RegressionReport:
    """How far F predicted numbers are from their targets; `print` shows it.

    For each number [F]: `mse`, the mean of (y − t)²; `mae`, the mean of |y − t|; `largest`, the
    largest |y − t|; `r2` = 1 − Σ(y − t)² / Σ(t − t̄)², which is nan where all targets are equal.
    `worst` [N] are the examples, the largest Σ(y − t)² first.
    """

    name: str
    output_names: tuple[str, ...]
    mse: np.ndarray
    mae: np.ndarray
    largest: np.ndarray
    r2: np.ndarray
    worst: np.ndarray

    @property
    def examples(self) -> int:
        """The number of examples."""
        return len(self.worst)

    @property
    def rmse(self) -> np.ndarray:
        """√mse of each number, in the unit of the targets, [F]."""
        return np.sqrt(self.mse)

    @property
    def title(self) -> str:
        """What was looked at, in a line."""
        return heading(escaped(self.name), self.examples)

    def figures(self) -> dict[str, float]:
        """Means over the numbers; `mse` is their mean, and not their sum as in a training."""
        mse = float(np.mean(self.mse))
        return {
            "mse": mse,
            "rmse": mse**0.5,
            "mae": float(np.mean(self.mae)),
            "largest error": float(np.max(self.largest)),
            "R2": mean_of_defined(self.r2),
        }

    def table(self) -> Table:
        """One row for each number."""
        columns = {
            "mse": self.mse,
            "rmse": self.rmse,
            "mae": self.mae,
            "largest_error": self.largest,
            "r2": self.r2,
        }
        return Table(
            ("output", *columns),
            [
                (escaped(name), *(defined(values[place]) for values in columns.values()))
                for place, name in enumerate(self.output_names)
            ],
            formats=dict.fromkeys(columns, ".4g"),
            headings={"largest_error": "largest error", "r2": "R²"},
        )

    def tables(self) -> list[Table]:
        """The numbers, if there are several."""
        return [self.table()] if len(self.output_names) > 1 else []

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values for JSON; None where a figure does not exist."""
        return {
            "kind": "regression",
            "name": self.name,
            "examples": self.examples,
            **plain_figures(self.figures()),
            "outputs": rows_of(self.table()),
            "worst_examples": self.worst[:16].tolist(),
        }

    def __str__(self) -> str:
        return write_report(self)

    def _repr_html_(self) -> str:
        return report_html(self)

    def __repr__(self) -> str:
        return f"RegressionReport({self.title}, mse {float(np.mean(self.mse)):.4g})"


def regression_report(
    outputs: Any, targets: Any, *, output_names: Sequence[str] | None = None, name: str = ""
) -> RegressionReport:
    """The report on `outputs` for `targets` of the same shape, [N] or [N, ...].

    Raises:
        InputError: for unequal shapes, no examples, and numbers that are not finite.

    >>> report = regression_report([1.0, 2.0, 4.0], [1.0, 3.0, 5.0])
    >>> report.r2.tolist(), report.mae.round(3).tolist(), report.worst.tolist()
    ([0.75], [0.667], [1, 2, 0])
    """
    given, real = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    if given.shape != real.shape or not given.ndim or not given.size:
        raise InputError(
            f"outputs are {list(given.shape)}, targets {list(real.shape)}: give one for each of "
            "at least one example"
        )
    for what, values in (("outputs", given), ("targets", real)):
        if not np.isfinite(values).all():
            raise InputError(f"some {what} are nan or infinite: give finite numbers")
    given, real = given.reshape(len(given), -1), real.reshape(len(real), -1)
    errors = given - real
    squares, spread = errors**2, np.sum((real - real.mean(axis=0)) ** 2, axis=0)
    left = np.divide(squares.sum(0), spread, out=np.full(len(spread), np.nan), where=spread > 0)
    return RegressionReport(
        name=name,
        output_names=names_of(output_names, given.shape[1], "output"),
        mse=squares.mean(axis=0),
        mae=np.abs(errors).mean(axis=0),
        largest=np.abs(errors).max(axis=0),
        r2=1.0 - left,
        worst=np.argsort(-squares.sum(axis=1), kind="stable"),
    )
