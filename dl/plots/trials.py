"""The results of a search: score against one option, and all options side by side (D8)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dl.errors import InputError, did_you_mean
from dl.plots.style import COLOURS, ink, is_dark, new_figure
from dl.search.trials import Found, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOG_FROM = 20.0
"""Options whose largest value is so many times the smallest are drawn on a logarithmic scale."""


def score_by_option(found: Found, name: str = "learning_rate") -> "Figure":
    """The metric of each trial against one of its options: numbers, on a log scale where they vary.

    The best trial is marked; those that diverged are crosses at the edge. Source: D8.

    Raises:
        InputError: for an option that was not searched or is no number, and without trials.

    >>> trials = [Trial(0, 0, {"learning_rate": 0.01}, 0.5), Trial(1, 0, {"learning_rate": 1.0}, 2)]
    >>> figure = score_by_option(Found(trials, "loss"))
    >>> figure.axes[0].get_xscale(), figure.axes[0].get_ylabel()
    ('log', 'loss')
    """
    _check(found, name)
    values: list[Any] = [trial.values.get(name) for trial in found.trials]
    if not all(type(value) in (int, float) for value in values):
        raise InputError(f"{name} is no number in all trials: parallel_coordinates shows words too")
    done = [trial for trial in found.trials if math.isfinite(trial.score)]
    figure, axes = new_figure()
    places = [trial.values[name] for trial in done]
    axes.plot(places, [_metric(found, trial) for trial in done], "o", color=COLOURS["blue"])
    best = found.best
    style = {"markersize": 13, "markerfacecolor": "none", "color": COLOURS["vermilion"]}
    axes.plot(best.values[name], _metric(found, best), "o", **style, markeredgewidth=2)
    axes.lines[-1].set_label(f"best: {name} {best.values[name]:.3g}")
    lost = [trial.values[name] for trial in found.trials if not math.isfinite(trial.score)]
    if lost:
        edge = {"transform": axes.get_xaxis_transform(), "clip_on": False, "linestyle": ""}
        axes.plot(lost, [1.0] * len(lost), marker="x", color=ink(), **edge, label="diverged")
    scale = "log" if _on_log_scale(values) else "linear"
    axes.set(xscale=scale, xlabel=name, ylabel=found.metric)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def parallel_coordinates(found: Found) -> "Figure":
    """A line for each trial across an axis for each option and, at the right, one for the metric.

    The better a trial, the lighter its line on a dark page and the darker on a light one; the best
    is thick, those that diverged are dotted and end before the metric. Source: D8.

    Raises:
        InputError: without trials.

    >>> trials = [Trial(0, 0, {"rate": 0.1, "act": "relu"}, 0.5),
    ...           Trial(1, 0, {"rate": 0.2, "act": "tanh"}, 0.25)]
    >>> figure = parallel_coordinates(Found(trials, "loss"))
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['rate', 'act', 'loss']
    """
    _check(found)
    names = list(dict.fromkeys(name for trial in found.trials for name in trial.values))
    finite = [trial for trial in found.trials if math.isfinite(trial.score)]
    scales = [_scale([trial.values.get(name) for trial in found.trials]) for name in names]
    metric = _scale([_metric(found, trial) for trial in finite])
    figure, axes = new_figure(width=1.6 + 1.5 * len(names), height=4.2)
    order = sorted(found.trials, key=lambda trial: (-trial.score, -trial.number))
    for rank, trial in enumerate(order, 1):
        options = map(trial.values.get, names)
        heights = [scale.place(value) for scale, value in zip(scales, options, strict=True)]
        if math.isfinite(trial.score):
            heights.append(metric.place(_metric(found, trial)))
        best = trial is found.best
        axes.plot(heights, **_line(trial, best=best, goodness=rank / len(order)))
    for at, scale in enumerate([*scales, metric]):
        _draw_scale(axes, at, scale)
    axes.set_xticks(range(len(names) + 1), [*names, found.metric])
    axes.set(yticks=[], xlim=(-0.1, len(names) + 0.55), ylim=(-0.06, 1.06))
    axes.set_title("thick: the best     dotted: diverged", fontsize="medium")
    axes.tick_params(length=0)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


class _Scale(NamedTuple):
    """One axis: its smallest and largest value, or its words, and what is written at it."""

    low: float
    high: float
    words: tuple[str, ...] = ()
    log: bool = False

    def place(self, value: Any) -> float:
        """The height of a value, from 0 to 1."""
        if value is None:
            return math.nan
        if self.words:
            return self.words.index(str(value)) / max(len(self.words) - 1, 1)
        low, high, at = self.low, self.high, float(value)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low) if high > low else 0.5

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Heights and what stands there."""
        if self.words:
            return [(self.place(word), word) for word in self.words]
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        values = dict.fromkeys((self.low, middle, self.high))
        return [(self.place(value), f"{value:.3g}".replace("-", "−")) for value in values]


def _scale(values: Sequence[Any]) -> _Scale:
    given = [value for value in values if value is not None]
    if not all(type(value) in (int, float) for value in given):
        words = dict.fromkeys(map(str, given))
        return _Scale(0, 1, tuple(words))
    if not given:
        return _Scale(0, 1)
    return _Scale(min(given), max(given), log=_on_log_scale(given))


def _on_log_scale(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) / min(values) >= _LOG_FROM


def _line(trial: Trial, *, best: bool, goodness: float) -> dict[str, Any]:
    from matplotlib import colormaps

    if not math.isfinite(trial.score):
        return {"color": ink(), "alpha": 0.5, "linewidth": 0.8, "linestyle": ":"}
    # Viridis goes from dark to light: the best are those that stand out from the page.
    place = 0.25 + 0.75 * goodness if is_dark() else 0.9 * (1 - goodness)
    return {"color": colormaps["viridis"](place), "linewidth": 3.5 if best else 1.2}


def _draw_scale(axes: Any, at: int, scale: _Scale) -> None:
    axes.axvline(at, color=ink(), linewidth=0.8)
    ground = {"facecolor": axes.get_facecolor(), "edgecolor": "none", "alpha": 0.8, "pad": 1}
    how = {"textcoords": "offset points", "va": "center", "fontsize": "small", "bbox": ground}
    for height, word in scale.marks:
        axes.annotate(word, (at, height), (5, 0), **how)


def _metric(found: Found, trial: Trial) -> float:
    return found.sign * trial.score


def _check(found: Found, name: str | None = None) -> None:
    """Refuse a search without trials that ended well, and an option that it did not vary."""
    _ = found.best
    names = {name: None for trial in found.trials for name in trial.values}
    if name is not None and name not in names:
        raise InputError(f"the search did not vary {name!r}; {did_you_mean(name, names)}")
