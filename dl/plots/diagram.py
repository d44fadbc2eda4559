"""Boxes, circles and arrows, of which the diagrams of nets are made."""

from typing import TYPE_CHECKING, Any, NamedTuple

from dl.plots.style import COLOURS, ground, ink, new_figure

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


def mixed_with_ground(name: str, share: float = 0.3) -> tuple[float, ...]:
    """A colour of `COLOURS` on the page: opaque, so that it hides the lines behind it."""
    from matplotlib.colors import to_rgb

    pairs = zip(to_rgb(COLOURS[name]), to_rgb(ground()), strict=True)
    return tuple(share * colour + (1 - share) * page for colour, page in pairs)


def _colours(name: str) -> dict[str, Any]:
    return {"facecolor": mixed_with_ground(name), "edgecolor": COLOURS[name]}
