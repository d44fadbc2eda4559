"""Pictures of players of games: what they show is what they were given, and can be read."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from layout_checks import check_layout
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Circle, Rectangle
from players import TIC_TAC_TOE

import dl
from dl.errors import InputError
from dl.games.drawing import FIRST, SHADE
from dl.games.elo_steps import elo_steps
from dl.games.game import named
from dl.games.notation import read_moves
from dl.games.openings import Branch
from dl.plots import run_games, run_kinds
from dl.plots.run_drawings import Asked

CONNECT_FOUR = named("connect_four")
RATINGS = {"step 100": 300.0, "random": 0.0, "step 0": -20.0, "mcts:100": 250.0}
ERRORS = {"step 100": 30.0, "random": 0.0, "step 0": 25.0, "mcts:100": 40.0}


def test_ratings_of_steps_are_in_their_order_and_others_apart() -> None:
    found = elo_steps(RATINGS, ERRORS)
    assert (found.steps, found.ratings, found.errors) == ([0, 100], [-20.0, 300.0], [25.0, 30.0])
    assert found.others == {"random": 0.0, "mcts:100": 250.0}
    with pytest.raises(InputError, match="no rating is that of a step"):
        elo_steps({"random": 0.0, "steps 5": 3.0})


def test_an_elo_curve_has_errors_and_level_lines() -> None:
    figure = dl.plots.elo_curve(RATINGS, ERRORS)
    (axes,) = figure.axes
    (bars,) = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    np.testing.assert_array_equal(bars.lines[0].get_xydata(), [[0, -20], [100, 300]])
    (ends,) = (segments.get_segments() for segments in bars.lines[2])
    np.testing.assert_array_equal([end[:, 1] for end in ends], [[-45, 5], [270, 330]])
    flat = [line for line in axes.lines if np.ptp(line.get_ydata()) == 0]
    levels = {line.get_label(): np.asarray(line.get_ydata())[0] for line in flat}
    assert levels == {"random: 0": 0.0, "mcts:100: 250": 250.0}
    check_layout(figure)


def test_a_book_is_drawn_with_moves_shares_and_values() -> None:
    third = Branch((2,), 60, 0.6, 0.25, (Branch((2, 3), 50, 0.8, -0.125),))
    book = Branch((), 100, 1.0, 0.15, (third, Branch((4,), 40, 0.4, 0.0)))
    figure = dl.plots.opening_book(CONNECT_FOUR, book)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["start\n+0.15", "3  60%\n+0.25", "4  80%\n−0.12", "5  40%\n+0.00"]
    widths = [line.get_linewidth() for line in figure.axes[0].lines]
    np.testing.assert_allclose(widths, [0.8 + 4 * share for share in (0.6, 0.8, 0.4)])
    check_layout(figure)


def test_a_line_is_a_strip_of_boards_each_with_a_stone_more() -> None:
    figure = dl.plots.principal_variation(
        TIC_TAC_TOE, read_moves("b2", TIC_TAC_TOE), [0, 8, 2, 1], most=3
    )
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["the position", "O a3", "X c1", "O c3"]
    discs = [
        sum(isinstance(patch, Circle) and patch.get_radius() == 0.4 for patch in axes.patches)
        for axes in figure.axes
    ]
    assert discs == [1, 2, 3, 4]
    (mark,) = [patch for patch in figure.axes[2].patches if isinstance(patch, Rectangle)]
    assert (round(mark.get_x()), round(mark.get_y())) == (2, 2)
    check_layout(figure)


def test_probabilities_of_several_policies_stand_side_by_side() -> None:
    position = read_moves("44", CONNECT_FOUR)
    shares = np.array([0.05, 0.05, 0.1, 0.5, 0.2, 0.1, 0.0])
    figure = dl.plots.move_probabilities(CONNECT_FOUR, position, {"net": shares, "search": shares})
    assert [axes.get_title() for axes in figure.axes] == ["net", "search"]
    bars = figure.axes[0].containers[0]
    np.testing.assert_allclose([-bar.get_height() for bar in bars], shares)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["5%", "5%", "10%", "50%", "20%", "10%"]
    check_layout(figure)
    with pytest.raises(InputError, match="connect_four has 7 moves, and net"):
        dl.plots.move_probabilities(CONNECT_FOUR, position, {"net": shares[:3]})


def test_taken_places_have_no_shade() -> None:
    from matplotlib.colors import to_hex

    uniform = np.full(9, 1 / 9)
    figure = dl.plots.move_probabilities(
        TIC_TAC_TOE, read_moves("b2 a1", TIC_TAC_TOE), {"net": uniform}
    )
    patches = figure.axes[0].patches
    colours = [to_hex(patch.get_facecolor()).upper() for patch in patches]
    assert (colours.count(SHADE), colours.count(FIRST)) == (7, 1)


def test_a_run_with_ratings_gives_their_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    result = {"metrics": {"elo": RATINGS, "elo_error": ERRORS}}
    run: Any = SimpleNamespace(folder=SimpleNamespace(is_finished=True, result="result.json"))
    for module in (run_games, run_kinds):
        monkeypatch.setattr(module, "read_result", lambda path: result)
    assert run_kinds.is_rated(run)
    axes = run_games.draw_elo(Asked(), run).axes[0]
    assert axes.get_ylabel() == "Elo"
    run.folder.is_finished = False
    assert not run_kinds.is_rated(run)
