"""What a net hears over time: the spectrogram, and its posteriors by CTC (H4)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.decoding.ctc import Emission, emissions
from dl.errors import InputError
from dl.layers.spectra import STEP_MS
from dl.plots.labels import shortened
from dl.plots.style import ink, lines, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_LEVEL = 8
"""So many emitted labels are written level; more of them are turned."""


def transcription(
    energies: Any, posteriors: Any, labels: Sequence[str], *, step_ms: float = STEP_MS
) -> "Figure":
    """A spectrogram, and below it what a net trained by CTC believes at each moment.

    `energies` [F, M] are log-mel energies, a frame every `step_ms` milliseconds. `posteriors`
    [P, K + 1] are those of the blank and of the K `labels`; a step of them stands for ⌈F / P⌉
    frames. The blank and the labels that are emitted have curves; a label's name stands where the
    best path emits it. Source: Graves et al. 2006, figure 1; H4.

    Raises:
        InputError: for arrays that do not belong together.

    >>> steps = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]])
    >>> figure = transcription(np.zeros((6, 4)), steps, ["yes"])
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['yes']
    """
    energies, posteriors = np.asarray(energies), np.asarray(posteriors, np.float64)
    _check(energies, posteriors, labels)
    frames, bands = energies.shape
    step = -(-frames // len(posteriors)) * step_ms / 1000
    seconds = max(frames * step_ms / 1000, len(posteriors) * step)
    path = emissions(posteriors)
    width = float(np.clip(2.0 + 1.6 * seconds, 6.4, 14.0))
    figure, panels = new_figure(2, 1, width=width, height=4.6, sharex=True)
    above, below = np.ravel(panels)
    drawn = above.imshow(
        energies.T,
        aspect="auto",
        origin="lower",
        extent=(0, frames * step_ms / 1000, 0.5, bands + 0.5),
        interpolation="nearest",
    )
    above.grid(False)
    above.set_ylabel("mel band")
    figure.colorbar(drawn, ax=above, pad=0.01, label="log energy")
    _draw_posteriors(below, posteriors, labels, path, step)
    below.set(
        xlabel="time in s", ylabel="posterior (dotted: blank)", ylim=(0, 1.05), xlim=(0, seconds)
    )
    return figure


def _draw_posteriors(
    axes: Any, posteriors: np.ndarray, labels: Sequence[str], path: list[Emission], step: float
) -> None:
    times = (np.arange(len(posteriors)) + 0.5) * step
    axes.plot(times, posteriors[:, 0], color=ink(), linestyle=":", linewidth=1)
    own = sorted({each.label for each in path})
    for label, line in zip(own, lines(len(own)), strict=True):
        shown = {"color": line.color, "linestyle": line.linestyle}
        axes.plot(times, posteriors[:, label + 1], **shown)
    turned = 90 if len(path) > _MOST_LEVEL else 0
    for each in path:
        axes.annotate(
            shortened(labels[each.label], 12),
            (times[each.step], posteriors[each.step, each.label + 1]),
            (times[each.step], 1.05),
            textcoords="data",
            ha="center",
            va="bottom",
            rotation=turned,
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": ink(), "linewidth": 0.5, "alpha": 0.5},
        )


def _check(energies: np.ndarray, posteriors: np.ndarray, labels: Sequence[str]) -> None:
    if energies.ndim != 2 or not energies.size:
        raise InputError(f"energies are [frames, bands], not of shape {list(energies.shape)}")
    if posteriors.ndim != 2 or posteriors.shape[1] != len(labels) + 1 or not len(posteriors):
        raise InputError(
            f"posteriors of shape {list(posteriors.shape)} are none of a blank and "
            f"{len(labels)} labels: give [steps, {len(labels) + 1}]"
        )
    if len(posteriors) > len(energies):
        raise InputError(
            f"{len(posteriors)} steps of posteriors for {len(energies)} frames: give the energies "
            "of the same recording"
        )
