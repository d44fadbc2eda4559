"""The section of a run that plays a game: its ratings, how it opens, and what it expects."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from dl.errors import first_line
from dl.games.drawing import board_svg, new_stone
from dl.games.elo_steps import elo_steps
from dl.games.notation import STONES, play_moves, write_moves
from dl.games.openings import Branch, Placed, branch_text, opening_book, placed, signed
from dl.games.rules import Game
from dl.games.thinking import Thought
from dl.reports.page.chart import Axes, Line, charts, line_chart
from dl.reports.page.html import Html, join, tag
from dl.runs.config import Config
from dl.runs.folder import RunFolder
from dl.runs.load import load_with_remarks
from dl.runs.playing import chooses_moves, thinker_of
from dl.runs.trained import Trained

SIMULATIONS = 200
_COLUMN, _LINE, _BOX = 132.0, 44.0, (84.0, 34.0)
"""Of the opening book, in pixels: from one move to the next, from line to line, and a box."""
_BOARDS, _FIRST = 8, 4
"""So many boards of the expected line, and after so many moves a middle position is looked at."""


class Played(NamedTuple):
    """What a net thinks of the first position of its game, and of one after `moves`."""

    game: Game
    opening: Thought
    moves: tuple[int, ...]
    middle: Thought


def played_by_run(folder: RunFolder, config: Config, notes: list[str]) -> Played | None:
    """Two searches by a net that plays; of others None, and where it failed a note says why."""
    if not chooses_moves(config.data):
        return None
    package = config.experiment.package
    try:
        trained, _ = load_with_remarks(folder.path, checkpoint=None, package=package)
        return played_by(trained.members[0])
    except Exception as error:  # an experiment's own model may do anything
        notes.append(f"What the net would play is not shown: {first_line(error)}.")
        return None


def played_by(trained: Trained) -> Played:
    """What a net thinks of the first position, and of one that it expects some moves later."""
    player = thinker_of(trained, SIMULATIONS)
    opening = player.think(player.game.start())
    moves = opening.line[: min(_FIRST, len(opening.line) - 1)]
    return Played(player.game, opening, moves, player.think(play_moves(moves, player.game)))


def playing_section(
    played: Played | None, metrics: Mapping[str, Mapping[str, float]]
) -> Html | None:
    """Ratings, opening book, expected line and move probabilities, as far as they are known."""
    rated = _ratings(metrics) if "elo" in metrics else None
    if played is None and rated is None:
        return None
    shown = [*_shown(played)] if played else []
    return tag("section", tag("h2", "Play"), rated, *shown, id="playing")


def _ratings(metrics: Mapping[str, Mapping[str, float]]) -> Html:
    """The curve of the net with a band of one standard error, and the others as level lines."""
    found = elo_steps(metrics["elo"], metrics.get("elo_error"))
    ends = [found.steps[0], found.steps[-1]]
    net = Line("the net", found.steps, found.ratings)
    if any(found.errors):
        pairs = [*zip(found.ratings, found.errors, strict=True)]
        net = net._replace(low=[r - e for r, e in pairs], high=[r + e for r, e in pairs])
    others = [
        Line(
            f"{name}, {f'{rating:.0f}'.replace('-', '−')}",
            ends,
            [rating] * 2,
            colour=number,
            dashed=True,
        )
        for number, (name, rating) in enumerate(found.others.items(), start=1)
    ]
    chart = line_chart(Axes("Elo rating", "step", "chart-elo"), [net, *others])
    note = "The band is one standard error to both sides; dashed players stay as they are."
    return join([charts([chart]), tag("p", note, class_="note")])


def _shown(played: Played) -> Iterator[Html]:
    game, opening = played.game, played.opening
    assert opening.tree is not None
    book = opening_book(opening.tree)
    yield tag("h3", "How it opens")
    yield tag("p", f"The moves that a search of {book.visits} simulations tries most, with their "
              "share of the visits and their value for the first player, from −1 to 1.",
              class_="note")  # fmt: skip
    yield tag("div", book_svg(game, book), class_="scroll")
    yield tag("h3", "What it expects")
    yield tag("p", _expected(game, (), opening), class_="note")
    yield tag("div", *_strip(game, opening.line), class_="boards")
    yield tag("h3", "How probable it holds each move")
    yield tag("p", _expected(game, played.moves, played.middle), class_="note")
    yield tag("div", *_probabilities(game, played.moves, played.middle), class_="boards")


def _expected(game: Game, moves: tuple[int, ...], thought: Thought) -> str:
    where = f"After {write_moves(moves, game)}" if moves else "In the first position"
    mover = STONES[1 + int(game.mover(play_moves(moves, game)))]
    line, value = write_moves(thought.line, game), signed(thought.value)
    return f"{where} {mover} is to move, and expects {line}; the value for {mover} is {value}."


def _strip(game: Game, line: tuple[int, ...]) -> Iterator[Html]:
    for count in range(1, min(len(line), _BOARDS) + 1):
        before, after = (play_moves(line[:end], game) for end in (count - 1, count))
        board, mover = game.board(after), STONES[1 + int(game.mover(before))]
        said = f"{mover} {game.move_names[line[count - 1]]}"
        last = new_stone(game.board(before), board)
        yield _board(board_svg(game, board, last=last, title=said, side=_side(game, 130)), said)


def _probabilities(game: Game, moves: tuple[int, ...], thought: Thought) -> Iterator[Html]:
    board = game.board(play_moves(moves, game))
    for name, shares in (("the net", thought.prior), ("visits of the search", thought.shares)):
        svg = board_svg(game, board, shares=np.asarray(shares), title=name, side=_side(game, 270))
        yield _board(svg, name)


def _side(game: Game, width: int) -> int:
    """Pixels to a place of a board that is about so wide."""
    return max(14, min(40, width // max(game.planes[:2])))


def _board(svg: str, caption: str) -> Html:
    return tag("figure", Html(svg), tag("figcaption", caption))


def book_svg(game: Game, book: Branch) -> Html:
    """An opening book as a tree from the left to the right; wider lines have larger shares.

    >>> from dl.games.game import named
    >>> after = Branch((4,), 80, 0.8, 0.25)
    >>> svg = book_svg(named("tic_tac_toe"), Branch((), 100, 1.0, 0.2, (after,)))
    >>> svg.count("<rect"), "b2  80%" in svg
    (2, True)
    """
    places = placed(book)
    width = (1 + max(each.depth for each in places)) * _COLUMN
    height = (1 + max(each.height for each in places)) * _LINE
    said = "the moves that are tried most from the first position, as a tree"
    return tag(
        "svg",
        tag("title", said),
        *(_twig(each) for each in places if each.parent is not None),
        *(_box(game, each) for each in places),
        role="img",
        class_="book",
        width=f"{width:g}",
        height=f"{height:g}",
        viewBox=f"0 0 {width:g} {height:g}",
    )


def _centre(depth: int, height: float) -> tuple[float, float]:
    return (depth + 0.5) * _COLUMN, (height + 0.5) * _LINE


def _twig(each: Placed) -> Html:
    assert each.parent is not None
    (x, y), (right, bottom) = _centre(*each.parent), _centre(each.depth, each.height)
    path = f"M{x:g} {y:g}L{(x + right) / 2:g} {bottom:g}H{right:g}"
    return tag("path", d=path, class_="twig", stroke_width=f"{1 + 6 * each.branch.share:.1f}")


def _box(game: Game, each: Placed) -> Html:
    (x, y), (width, height) = _centre(each.depth, each.height), _BOX
    first, second = branch_text(game, each.branch)
    place: dict[str, Any] = {"x": f"{x - width / 2:g}", "y": f"{y - height / 2:g}"}
    return tag(
        "g",
        tag("rect", **place, width=f"{width:g}", height=f"{height:g}", rx=5),
        tag("text", first, x=f"{x:g}", y=f"{y - 2:g}"),
        tag("text", second, x=f"{x:g}", y=f"{y + 13:g}", class_="facts"),
        class_="box",
    )
