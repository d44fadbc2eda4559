"""The section of a player of games: ratings as a curve, a book, boards; none for other runs."""

from collections import Counter
from xml.etree import ElementTree

from players import TIC_TAC_TOE, player

from dl.games.notation import play_moves
from dl.games.openings import Branch
from dl.reports.page.playing import Played, book_svg, playing_section

ELO = {"elo": {"step 0": 0.0, "step 50": 120.0, "random": -10.0}, "elo_error": {"step 50": 20.0}}


def played() -> Played:
    opponent = player()
    opening = opponent.think(TIC_TAC_TOE.start())
    moves = opening.line[:2]
    return Played(TIC_TAC_TOE, opening, moves, opponent.think(play_moves(moves, TIC_TAC_TOE)))


def test_the_section_is_well_formed_and_has_every_picture() -> None:
    found = played()
    html = playing_section(found, ELO)
    root = ElementTree.fromstring(html or "")
    headings = [each.text for each in root.iter("h3")]
    assert headings == ["How it opens", "What it expects", "How probable it holds each move"]
    classes = Counter(each.get("class") for each in root.iter())
    assert classes["board"] == min(len(found.opening.line), 8) + 2
    assert (classes["book"], classes["chart"]) == (1, 1)
    assert classes["twig"] == classes["box"] - 1
    words = "".join(root.itertext())
    assert "In the first position X is to move, and expects" in words
    names = " ".join(TIC_TAC_TOE.move_names[move] for move in found.moves)
    assert f"After {names} X is to move" in words


def test_the_ratings_are_a_curve_with_a_band_and_level_lines() -> None:
    root = ElementTree.fromstring(playing_section(None, ELO) or "")
    lines = {each.get("data-name"): each.get("data-ys") for each in root.iter("path")}
    assert lines["the net"] == "0 120"
    assert lines["random, −10"] == "-10 -10"
    (band,) = [each for each in root.iter("path") if each.get("class", "").startswith("band")]
    assert (band.get("data-low"), band.get("data-high")) == ("0 100", "0 140")


def test_other_runs_have_no_such_section() -> None:
    assert playing_section(None, {"test": {"loss": 0.5}}) is None


def test_nothing_on_the_page_has_a_style_of_its_own() -> None:
    """The page's policy would forbid it."""
    assert "style=" not in (playing_section(played(), ELO) or "")


def test_a_book_has_wider_lines_for_larger_shares() -> None:
    after = (Branch((4,), 80, 0.75, 0.25), Branch((0,), 20, 0.25, -0.5))
    root = ElementTree.fromstring(book_svg(TIC_TAC_TOE, Branch((), 100, 1.0, 0.1, after)))
    twigs = [each for each in root.iter() if each.get("class") == "twig"]
    assert [twig.get("stroke-width") for twig in twigs] == ["5.5", "2.5"]
    words = [each.text for each in root.iter("text")]
    assert words == ["start", "+0.10", "b2  75%", "+0.25", "a3  25%", "−0.50"]
