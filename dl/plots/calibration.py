"""Whether probabilities mean what they say: the reliability diagram."""

from typing import TYPE_CHECKING

import numpy as np

from dl.assess.calibration import Reliability
from dl.plots.style import COLOURS, ink, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reliability_diagram(calibration: Reliability) -> "Figure":
    """How often answers are right, over the probability that they were given; counts below.

    On the dashed diagonal, of the answers with probability p a share p is right; below it the net
    is too sure. Each point is a bin of `dl.assess` at its mean probability. Source: DeGroot &
    Fienberg 1983; Guo et al. 2017, arXiv:1706.04599.

    >>> from dl.assess.calibration import reliability
    >>> figure = reliability_diagram(reliability([0.9, 0.9, 0.2, 0.4], [1, 0, 0, 1], bins=2))
    >>> figure.axes[0].lines[1].get_xydata().round(2).tolist()
    [[0.3, 0.5], [0.9, 0.5]]
    """
    figure, panels = new_figure(2, width=5.4, height=5.4, height_ratios=[3, 1], sharex=True)
    above, below = panels[:, 0]
    filled = np.flatnonzero(calibration.counts)
    above.plot([0, 1], [0, 1], "--", color=ink(), linewidth=1, label="calibrated")
    above.plot(
        calibration.confidence[filled],
        calibration.accuracy[filled],
        marker="o",
        color=COLOURS["blue"],
        label=f"answers (calibration error {calibration.error:.3f})",
    )
    above.set(ylabel="share that is right", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    above.legend(loc="upper left")
    edges = calibration.edges
    below.bar(edges[:-1], calibration.counts, np.diff(edges), align="edge", color=COLOURS["sky"])
    below.set(ylabel="number of answers", xlabel="probability of the answer")
    below.set_yscale("symlog", linthresh=1)
    return figure
