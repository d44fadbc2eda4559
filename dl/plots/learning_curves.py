"""How metrics change while nets learn: of one run or several, with a band over seeds or members."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from dl.errors import InputError, did_you_mean
from dl.plots.labels import legend_below, shortened
from dl.plots.style import Line, lines, new_panels
from dl.train.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

History: TypeAlias = Sequence[Record]
"""The records of one training, such as `trained.history`."""

_SPLITS = {"train": "--", "validation": "-"}
"""The splits that are drawn, and their dashes where curves of several runs are."""
_WIDE_RANGE = 30.0
"""Values above 0 whose largest is this many times their smallest have a logarithmic axis."""
_OUTLYING = 5.0
_CROWDED = 0.1
"""So have those whose largest is `_OUTLYING` times their smallest, if half of all lie in this share
of the range."""
_UNITS = {"accuracy": "accuracy / %", "bits": "bits for each symbol"}
_MARKERS = 8
"""About so many markers stand on a curve."""
_LONGEST = 200
"""Characters of a run's name that the legend holds."""


class Band(NamedTuple):
    """The values of a metric at the epochs [N] of its records: mean and deviation [N].

    Deviations are 0 for a single training.
    """

    epochs: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def curves(
    histories: History | Mapping[str, History | Sequence[History]],
    *,
    metrics: Sequence[str] | None = None,
) -> "Figure":
    """A panel for each metric, over epochs: training dashed, validation drawn through.

    Of several runs `histories` has a curve for each name. What it holds for a name is a history, or
    those of several seeds, which become their mean with a band of one standard deviation. The
    members of a population become a band in the same way. A metric that spans a wide range, or in
    which a few large values leave no room for the others, has a logarithmic axis; of a band that
    reaches below 0 only the upper part is seen there. `metrics` chooses among the metrics; None
    draws all, the loss first.

    Raises:
        InputError: when there is no record yet, or no such metric.

    >>> history = [Record(step, step, "train", {"loss": 1 / step}) for step in (1, 2, 4)]
    >>> figure = curves({"slow": history, "fast": history})
    >>> len(figure.axes), figure.axes[0].get_ylabel()
    (1, 'loss')
    """
    groups = {name: _several(given) for name, given in _named(histories).items()}
    names = _chosen(groups, metrics)
    panel, room = ((6.4, 4.2), (0.0, 0.0)) if len(names) == 1 else ((4.8, 3.4), (0.0, 0.6))
    figure, panels = new_panels(len(names), columns=2, panel=panel, room=room)
    for axes, name in zip(panels, names, strict=True):
        _draw_metric(axes, name, groups)
    handles = dict(entry for axes in panels for entry in _legend_entries(axes))
    legend_below(figure, list(handles.values()), list(handles))
    return figure


def band(histories: Sequence[History], split: str, metric: str) -> Band:
    """Mean and standard deviation of a metric over trainings and their members, by epoch.

    Only the steps that all trainings have recorded are taken, and values that are not finite, such
    as those of members that diverged, are left out. The deviation is that of a sample (n − 1).

    >>> pair = [[Record(1, 0.5, "train", {"loss": loss})] for loss in (1.0, 2.0)]
    >>> [values.round(3).tolist() for values in band(pair, "train", "loss")]
    [[0.5], [1.5], [0.707]]
    """
    taken = [_of_split(history, split, metric) for history in histories]
    steps = sorted(set.intersection(*map(set, taken))) if taken else []
    values = [[x for each in taken for x in _values(each[step], metric)] for step in steps]
    finite = [np.array([x for x in row if np.isfinite(x)]) for row in values]
    return Band(
        np.array([taken[0][step].epoch for step in steps]),
        np.array([row.mean() if len(row) else np.nan for row in finite]),
        np.array([row.std(ddof=1) if len(row) > 1 else 0.0 for row in finite]),
    )


def _of_split(history: History, split: str, metric: str) -> dict[int, Record]:
    return {each.step: each for each in history if each.split == split and metric in each.values}


def _values(record: Record, metric: str) -> Sequence[float]:
    members = record.members or {}
    return members[metric] if metric in members else [record.values[metric]]


def _named(histories: Any) -> dict[str, Any]:
    if isinstance(histories, Mapping):
        return {str(name): given for name, given in histories.items()}
    return {"": histories}


def _several(given: History | Sequence[History]) -> list[History]:
    return [given] if all(isinstance(each, Record) for each in given) else list(given)  # type: ignore[list-item]


def _chosen(groups: Mapping[str, list[History]], metrics: Sequence[str] | None) -> list[str]:
    records = (record for histories in groups.values() for each in histories for record in each)
    known = list(dict.fromkeys(name for record in records for name in record.values))
    if not known:
        raise InputError("there is no record yet, so there are no curves: train for some steps")
    for name in metrics or ():
        if name not in known:
            raise InputError(f"the records have no {name!r}; {did_you_mean(name, known)}")
    return list(metrics or sorted(known, key="loss".__ne__))


def _draw_metric(axes: Any, metric: str, groups: Mapping[str, list[History]]) -> None:
    axes.set(xlabel="epoch", ylabel=_UNITS.get(metric, metric))
    axes.xaxis.get_major_locator().set_params(integer=True)
    drawn = []
    for (name, histories), line in _curves(groups):
        for split, dashes in _SPLITS.items():
            found = _scaled(band(histories, split, metric), metric)
            if len(found.epochs):
                own = _line_of(line, split, dashes, alone=len(groups) == 1)
                _draw_band(axes, found, own, f"{shortened(name, _LONGEST)} {split}".strip())
                drawn.append(found)
    if _spans_widely(drawn):
        axes.set_yscale("log")


def _curves(groups: Mapping[str, list[History]]) -> Iterator[Any]:
    return zip(groups.items(), lines(len(groups)), strict=True)


def _line_of(line: Line, split: str, dashes: str, *, alone: bool) -> Line:
    """Runs differ in colour and marker, splits in dashes; of a run alone the splits in all."""
    if alone:
        line = lines(2)[list(_SPLITS).index(split)]
    return line._replace(linestyle=dashes)


def _draw_band(axes: Any, found: Band, line: Line, label: str) -> None:
    every = max(1, len(found.epochs) // _MARKERS)
    axes.plot(*found[:2], label=label, markersize=4, markevery=every, **line._asdict())
    if found.deviation.any():
        low, high = found.mean - found.deviation, found.mean + found.deviation
        axes.fill_between(found.epochs, low, high, color=line.color, alpha=0.2, linewidth=0)


def _scaled(found: Band, metric: str) -> Band:
    if metric != "accuracy":
        return found
    return Band(found.epochs, 100 * found.mean, 100 * found.deviation)


def _spans_widely(bands: Sequence[Band]) -> bool:
    values = np.concatenate([[], *(each.mean[np.isfinite(each.mean)] for each in bands)])
    if not len(values) or values.min() <= 0:
        return False
    low, middle, high = values.min(), np.median(values), values.max()
    is_crowded = middle - low < _CROWDED * (high - low)
    return bool(high > _WIDE_RANGE * low or (high > _OUTLYING * low and is_crowded))


def _legend_entries(axes: Any) -> Iterator[tuple[str, Any]]:
    handles, labels = axes.get_legend_handles_labels()
    return zip(labels, handles, strict=True)
