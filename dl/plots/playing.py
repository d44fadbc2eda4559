"""How a player of games became stronger, and what it opens with (H1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl.games.elo_steps import elo_steps
from dl.games.openings import Branch, Placed, branch_text, placed
from dl.games.rules import Game
from dl.plots.style import COLOURS, ground, ink, lines, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def elo_curve(ratings: Mapping[str, float], errors: Mapping[str, float] | None = None) -> "Figure":
    """Elo ratings over the steps of a training, with standard errors, and others as level lines.

    `ratings` are those of players by name: "step 0", "step 500", ... are the net as it was then.

    Raises:
        InputError: when no player is called "step" and a number.

    >>> figure = elo_curve({"step 0": -100.0, "step 500": 700.0, "random": 0.0})
    >>> figure.axes[0].get_ylabel()
    'Elo'
    """
    found = elo_steps(ratings, errors)
    figure, axes = new_figure(height=4.2)
    first, *styles = lines(1 + len(found.others))
    axes.errorbar(
        found.steps,
        found.ratings,
        yerr=found.errors if any(found.errors) else None,
        color=first.color,
        marker="o",
        capsize=3,
        label="the net" + (" ± one standard error" if any(found.errors) else ""),
    )
    for (name, rating), style in zip(found.others.items(), styles, strict=True):
        how = {"color": style.color, "linestyle": style.linestyle, "linewidth": 1.4}
        axes.axhline(rating, **how, label=f"{name}: {f'{rating:.0f}'.replace('-', '−')}")
    axes.set(xlabel="step", ylabel="Elo")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def opening_book(game: Game, book: Branch) -> "Figure":
    """The moves that a search opens with, as a tree from the left to the right.

    A box has a move, the share of visits that it got, and its value for the first player, from −1
    to 1; the wider a line, the larger the share. `book` is that of `dl.games.openings`.

    >>> from dl.games.game import named
    >>> after = Branch((3,), 80, 0.8, 0.25)
    >>> figure = opening_book(named("connect_four"), Branch((), 100, 1.0, 0.2, (after,)))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['start\\n+0.20', '4  80%\\n+0.25']
    """
    places = placed(book)
    depth, height = max(each.depth for each in places), max(each.height for each in places)
    figure, axes = new_figure(width=1.4 + 1.25 * depth, height=1.0 + 0.42 * height)
    for each in places:
        _draw_branch(axes, game, each)
    axes.set(xlim=(-0.5, depth + 0.5), ylim=(height + 0.6, -0.6))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _draw_branch(axes: Any, game: Game, each: Placed) -> None:
    branch = each.branch
    if each.parent is not None:
        (x, y), share = each.parent, branch.share
        ends = [x, x + 0.5, each.depth], [y, each.height, each.height]
        how = {"color": COLOURS["sky"], "zorder": 1, "solid_joinstyle": "round"}
        axes.plot(*ends, linewidth=0.8 + 4 * share, **how)
    box = {"boxstyle": "round,pad=0.25", "facecolor": ground(), "edgecolor": ink()}
    words = "\n".join(branch_text(game, branch))
    place = {"ha": "center", "va": "center", "fontsize": 7.5, "linespacing": 1.1}
    axes.text(each.depth, each.height, words, bbox={**box, "linewidth": 0.8}, **place)
