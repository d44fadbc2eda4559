"""A board as SVG: stones where they are, the last move, probabilities, well-formed and escaped."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dl.games.drawing import FIRST, SECOND, SHADE, Mark, axis_names, board_svg, moves_are, new_stone
from dl.games.game import named

TIC_TAC_TOE, CONNECT_FOUR = named("tic_tac_toe"), named("connect_four")
SIDE = 40


def drawn(*args: Any, **how: Any) -> ElementTree.Element:
    """The element, without the name space in front of the names of tags."""
    root = ElementTree.fromstring(board_svg(*args, side=SIDE, **how))
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    return root


def filled(root: ElementTree.Element, tag: str, colour: str) -> list[dict[str, str]]:
    return [each.attrib for each in root.iter(tag) if each.get("fill") == colour]


def test_stones_stand_in_the_middle_of_their_places() -> None:
    root = drawn(TIC_TAC_TOE, [[1, 0, 0], [0, 0, 2], [0, 1, 0]])
    places = {
        colour: [(float(disc["cx"]) / SIDE, float(disc["cy"]) / SIDE) for disc in discs]
        for colour in (FIRST, SECOND)
        if (discs := filled(root, "circle", colour))
    }
    assert places == {FIRST: [(0.5, 0.5), (1.5, 2.5)], SECOND: [(2.5, 1.5)]}


def test_names_stand_beside_rows_and_below_columns() -> None:
    names = [each.text for each in drawn(TIC_TAC_TOE, np.zeros((3, 3))).iter("text")]
    assert names == ["3", "2", "1", "a", "b", "c"]
    names = [each.text for each in drawn(CONNECT_FOUR, np.zeros((6, 7))).iter("text")]
    assert names == list("1234567")


def test_the_last_move_has_a_frame() -> None:
    board = np.zeros((6, 7), int)
    board[5, 3] = 1
    (frame,) = drawn(CONNECT_FOUR, board, last=Mark(5, 3)).iter("rect")
    assert frame.get("class") == "last"
    assert (float(frame.get("x", 0)) // SIDE, float(frame.get("y", 0)) // SIDE) == (3, 5)
    assert not [*drawn(CONNECT_FOUR, board).iter("rect")]


def test_probabilities_shade_the_empty_places_alone() -> None:
    board = [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    root = drawn(TIC_TAC_TOE, board, shares=[0.5, 0.3, 0, 0, 0.2, 0, 0, 0, 0])
    shades = filled(root, "rect", SHADE)
    assert [float(shade["fill-opacity"]) for shade in shades] == [0.24, 0.16]
    assert [each.text for each in root.iter("text") if "%" in (each.text or "")] == ["30%", "20%"]


def test_probabilities_of_columns_are_bars_in_proportion() -> None:
    shares = [0.0, 0.5, 0.25, 0.25, 0.0, 0.0, 0.0]
    root = drawn(CONNECT_FOUR, np.zeros((6, 7)), shares=shares)
    heights = [float(bar["height"]) for bar in filled(root, "rect", SHADE)]
    np.testing.assert_allclose(np.array(heights) / heights[1] / 2, shares, atol=1e-3)
    top, size = (float(root.get("viewBox", "").split()[at]) for at in (1, 3))
    assert top < -heights[1]
    assert size > 6 * SIDE - top


@pytest.mark.parametrize("game", [TIC_TAC_TOE, CONNECT_FOUR], ids=lambda game: game.name)
def test_everything_lies_inside_the_picture(game: Any) -> None:
    """Whatever the board: numbers of the view box hold all centres and corners."""
    height, width, _ = game.planes
    root = drawn(game, np.ones((height, width)), shares=np.ones(game.moves) / game.moves)
    x, y, wide, tall = map(float, root.get("viewBox", "").split())
    for each in root.iter():
        for name, low, high in (("x", x, x + wide), ("y", y, y + tall)):
            at = each.get(name) or each.get(f"c{name}")
            assert at is None or low <= float(at) <= high


def test_titles_are_escaped_and_nothing_needs_a_style_sheet() -> None:
    svg = board_svg(TIC_TAC_TOE, np.zeros((3, 3)), title="<script>&\x1b")
    assert r"<title>&lt;script&gt;&amp;\x1b</title>" in svg
    assert "style=" not in svg


def test_a_move_that_takes_stones_is_found_and_a_pass_is_none() -> None:
    """In Go a stone appears where others vanish."""
    before, after = np.array([[0, 2], [1, 0]]), np.array([[1, 0], [1, 0]])
    assert new_stone(before, after) == Mark(0, 0)
    assert new_stone(before, before) is None


@pytest.mark.slow
def test_boards_of_pgx_have_their_coordinates() -> None:
    pytest.importorskip("pgx")
    go = named("go_9x9")
    assert moves_are(go) == "places"
    rows, columns = axis_names(go)
    assert (rows[0], rows[-1], "".join(columns)) == ("9", "1", "abcdefghj")
    assert drawn(go, np.zeros((9, 9)), shares=np.ones(82) / 82).get("class") == "board"
