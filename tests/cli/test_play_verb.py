"""`play`: what is typed and what is answered, the ends of a game, and what is refused."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from players import player

from dl.cli import main
from dl.runs import playing

Talk = Callable[..., tuple[str, str]]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Both outputs of a game against a player that takes the latest free place."""
    monkeypatch.setattr(playing, "rollout_thinker", lambda name, game: player(simulations=0))

    def call(typed: str, *words: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        command = ["play", "--against", "mcts:1", "--game", "tic_tac_toe", *words]
        assert main("experiments", command) == 0
        out, err = capsys.readouterr()
        return out, err

    return call


def test_a_game_is_played_line_by_line(talk: Talk) -> None:
    out, err = talk("b2\na3\nquit\nb3\n")
    assert err.splitlines() == ["tic_tac_toe against the later the better; type a move, or help"]
    assert out.split("\n\n") == [out]
    assert out.splitlines()[-5:] == [
        "3 X . .",
        "2 . X .",
        "1 . O O",
        "  a b c",
        "O played b1; X is to move (you are X)",
    ]
    assert out.count("a b c") == 3


def test_words_that_are_no_moves(talk: Talk) -> None:
    out, _ = talk("moves\nhint\nhelp\nb2\nundo\nboard\n", "--from", "c3 c1")
    lines = out.splitlines()
    moves = lines.index("a3 b3 a2 b2 c2 a1 b1")
    assert [line.split()[0] for line in lines[moves + 1 : moves + 4]] == ["move", "b1", "a1"]
    assert "undo    take your last move back" in lines
    assert lines[-1] == "O played c1; X is to move (you are X)"


def test_what_is_wrong_is_one_line_and_the_game_goes_on(talk: Talk) -> None:
    out, err = talk("b2\nb2\nzz\nundo\nundo\nb3\n")
    assert err.splitlines()[1:] == [
        "move 3, b2: not legal here; legal are a3, b3, c3, a2, c2, a1, b1",
        "'zz' is no move of tic_tac_toe; moves are a3, b3, c3, a2, b2, c2, a1, b1, c1",
        "there is no move of yours to take back",
    ]
    assert out.splitlines()[-1] == "O played c1; X is to move (you are X)"


def test_a_game_that_is_over_says_so(talk: Talk) -> None:
    out, err = talk("b2\nb1\nb3\nc3\nmoves\n")
    assert "X played b3; X has won (you are X)" in out
    assert err.splitlines()[-1] == "move 6, c3: the game is over, X has won"
    assert out.splitlines()[-1] == "none: the game is over"


def test_the_person_may_move_second(talk: Talk) -> None:
    out, _ = talk("", "--second")
    assert out.splitlines()[-1] == "X played c1; O is to move (you are O)"


def test_what_cannot_be_played_is_refused(tmp_path: Path, refused: Callable[..., str]) -> None:
    against = ["--against", "mcts:2", "--game"]
    assert "give a run to play with, or --against" in refused()
    assert "which game?" in refused("--against", "mcts:2")
    assert "--simulations and --checkpoint go with" in refused(*against, "x", "--simulations", "9")
    assert "seed is 2147483648; it" in refused(*against, "tic_tac_toe", "--seed", str(2**31))
    assert "'best' is no player" in refused("--against", "best", "--game", "tic_tac_toe")
    assert "unknown game 'tic_tac'" in refused(*against, "tic_tac")
    assert "move 2, b2: not legal" in refused(*against, "tic_tac_toe", "--from", "b2b2")
    assert "--game goes with --against" in refused("lenet_digits", "--game", "tic_tac_toe")
    assert "plays no game" in refused("lenet_digits")
    assert "no run" in refused(str(tmp_path / "nothing"))


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line that refuses a command."""

    def call(*words: str) -> str:
        capsys.readouterr()
        assert main("experiments", ["play", *words]) == 2
        out, err = capsys.readouterr()
        *remarks, error = err.splitlines()
        assert (out, error[:7], len(remarks)) == ("", "error: ", int("lenet_digits" in words))
        return error

    return call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy of tic-tac-toe after an epoch, which plays legal moves and no good ones."""
    folder = tmp_path_factory.mktemp("policies") / "run"
    words = "run policy_tic_tac_toe --epochs 1 --features 2 --layers 1 --devices 1 --quiet"
    assert main("experiments", [*words.split(), "--run-dir", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_the_net_of_a_run_is_played_with_and_without_a_search(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for simulations, heading in (((), "move net"), (("--simulations", "20"), "move net visits")):
        monkeypatch.setattr(sys, "stdin", io.StringIO("b2\nhint\n"))
        capsys.readouterr()
        assert main("experiments", ["play", str(run), *simulations]) == 0
        out, err = capsys.readouterr()
        assert err == "tic_tac_toe against policy_net; type a move, or help\n"
        words = heading.split()
        assert any(line.split()[: len(words)] == words for line in out.splitlines())


@pytest.mark.slow
def test_pictures_of_a_run_that_plays(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main("experiments", ["plot", str(run), "--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"opening-book", "principal-variation", "move-probabilities"} <= set(listed)
    assert "elo" not in listed
    for name, more in (
        ("opening-book", ()),
        ("principal-variation", ("--text", "b2 a1")),
        ("move-probabilities", ("--text", "b2")),
    ):
        file = tmp_path / f"{name}.png"
        assert main("experiments", ["plot", str(run), name, "-o", str(file), *more]) == 0
        assert file.read_bytes().startswith(b"\x89PNG")
    finished = ["plot", str(run), "principal-variation", "--text", "b2 a1 b1 a2 b3"]
    assert main("experiments", finished) == 2
    assert "the game is over, X has won: take moves back" in capsys.readouterr().err


@pytest.mark.slow
def test_the_page_of_a_run_that_plays_has_its_section(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert main("experiments", ["report", str(run), "-o", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert '<section id="playing">' in html
    assert html.count('class="board"') >= 3
    assert "is not shown" not in html
