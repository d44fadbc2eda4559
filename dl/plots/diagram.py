"""Boxes, circles and arrows, of which the diagrams of nets are made."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dl.plots.style import COLOURS, ink, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Point = tuple[float, float]


class Canvas(NamedTuple):
    """Axes without ticks, on which a unit is as long across as upwards."""

    figure: "Figure"
    axes: Any

    def box(self, at: Point, word: str, *, colour: str = "sky", size: Point = (1.0, 0.6)) -> None:
        """A box around the point `at` with a word in it."""
        from matplotlib.patches import FancyBboxPatch

        corner = (at[0] - size[0] / 2, at[1] - size[1] / 2)
        style = {"boxstyle": "round,pad=0,rounding_size=0.12", "linewidth": 1.2, "zorder": 3}
        self.axes.add_patch(FancyBboxPatch(corner, *size, **style, **_colours(colour)))
        self.word(at, word, zorder=4)

    def circle(self, at: Point, word: str, *, colour: str = "orange", radius: float = 0.28) -> None:
        """A circle around the point `at` with a word in it."""
        from matplotlib.patches import Circle

        patch = Circle(at, radius, linewidth=1.2, zorder=3, **_colours(colour))
        self.axes.add_patch(patch)
        self.word(at, word, zorder=4)

    def path(self, *points: Point, head: bool = True, dot: bool = False) -> None:
        """A line from point to point, with an arrow's head at its end, a dot at its beginning."""
        style = {"color": ink(), "linewidth": 1.2, "zorder": 2}
        self.axes.plot(*zip(*points, strict=True), **style, solid_joinstyle="round")
        if dot:
            self.axes.plot(*points[0], "o", color=ink(), markersize=4, zorder=2)
        if head:
            arrow = {"arrowstyle": "-|>", "color": ink(), "shrinkA": 0, "shrinkB": 0}
            self.axes.annotate("", points[-1], points[-2], arrowprops=arrow, zorder=2)

    def word(self, at: Point, word: str, *, ha: str = "center", va: str = "center", **how: Any):
        """A word or a number at the point `at`."""
        self.axes.text(*at, word, ha=ha, va=va, **how)


def new_canvas(width: float, height: float, *, scale: float, title: str = "") -> Canvas:
    """A canvas of `width` × `height` units, of `scale` inches each."""
    room = 0.35 if title else 0.0
    figure, axes = new_figure(width=width * scale, height=height * scale + room)
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.set_axis_off()
    if title:
        axes.set_title(title, fontsize="medium")
    return Canvas(figure, axes)


def _colours(name: str) -> dict[str, Any]:
    from matplotlib.colors import to_rgba

    ground = ink_free(to_rgba(COLOURS[name]))
    return {"facecolor": ground, "edgecolor": COLOURS[name]}


def ink_free(colour: Sequence[float], share: float = 0.3) -> tuple[float, ...]:
    """The colour mixed with the ground of the page, opaque, so that lines behind it are hidden."""
    from matplotlib.colors import to_rgb

    ink_rgb = to_rgb(ink())
    ground = (1.0, 1.0, 1.0) if sum(ink_rgb) < 1.5 else to_rgb("#161616")
    return tuple(share * a + (1 - share) * b for a, b in zip(colour[:3], ground, strict=True))
