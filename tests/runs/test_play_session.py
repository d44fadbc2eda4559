"""A game between a person and a net: moves and answers, taking back, hints, what is refused."""

from dataclasses import replace
from functools import cache
from xml.etree import ElementTree

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from players import SIMULATIONS, TIC_TAC_TOE, player

import dl
from dl.data.spec import DataSpec
from dl.errors import InputError
from dl.games.rollout import by_rollout
from dl.runs.playing import Session, play, rollout_thinker, thinker_of
from dl.runs.trained import Trained
from dl.train.state import init_state


def names(session: Session) -> list[str]:
    return [TIC_TAC_TOE.move_names[move] for move in session.moves]


@pytest.fixture
def session() -> Session:
    """Against a player that takes the latest free place."""
    return Session(player(simulations=0))


def test_a_move_is_answered(session: Session) -> None:
    assert names(session.play("b2")) == ["b2", "c1"]
    assert names(session.play("B1")) == ["b2", "c1", "b1", "a1"]
    assert session.legal == ("a3", "b3", "c3", "a2", "c2")
    assert session.status == "O played a1; X is to move (you are X)"


def test_a_person_may_move_second_and_begin_in_the_middle() -> None:
    session = Session(player(simulations=0), person=1)
    assert names(session) == ["c1"]
    session = Session(player(simulations=0), person=1, begun="a3 b3")
    assert names(session.play("a2")) == ["a3", "b3", "c1", "a2", "b1"]
    assert session.status.endswith("(you are O)")
    session = Session(player(simulations=0), begun="a3b3")
    assert names(session) == ["a3", "b3"]


def test_undo_takes_a_move_and_its_answer_back(session: Session) -> None:
    session.play("b2").play("b1")
    assert names(session.undo()) == ["b2", "c1"]
    assert names(session.play("b3").undo().undo()) == []
    with pytest.raises(InputError, match="no move of yours"):
        session.undo()
    second = Session(player(simulations=0), person=1).play("b2")
    assert names(second.undo()) == ["c1"]
    with pytest.raises(InputError, match="no move of yours"):
        second.undo()


def test_a_game_that_is_over_ends(session: Session) -> None:
    """X has the middle column; nothing answers it, and taking it back goes on."""
    session.play("b2").play("b1").play("b3")
    assert names(session) == ["b2", "c1", "b1", "a1", "b3"]
    assert session.is_over
    assert session.status == "X played b3; X has won (you are X)"
    assert session.legal == ()
    with pytest.raises(InputError, match="the game is over, X has won"):
        session.play("c3")
    with pytest.raises(InputError, match="the game is over, X has won"):
        session.hint()
    assert not session.undo().is_over


@pytest.mark.parametrize(
    ("move", "message"),
    [
        ("b2", "b2: not legal here; legal are a3, b3, c3, a2, c2, a1, b1$"),
        ("d4", "'d4' is no move of tic_tac_toe; moves are a3"),
        ("a3 b3", "one move at a time; legal are a3, b3"),
        ("", "one move at a time"),
    ],
)
def test_an_illegal_move_changes_nothing(session: Session, move: str, message: str) -> None:
    session.play("b2")
    with pytest.raises(InputError, match=message):
        session.play(move)
    assert names(session) == ["b2", "c1"]


def test_a_hint_is_about_the_legal_moves_the_most_visited_first() -> None:
    hint = Session(player(), begun="b2 a1 c2 b1").hint()
    assert hint.table.columns == ("move", "net", "visits", "value")
    moves, shares, visits, values = zip(*hint.table.rows, strict=True)
    assert set(moves) == {"a3", "b3", "c3", "a2", "c1"}
    assert (moves[0], values[0]) == ("a2", 1.0)
    assert list(visits) == sorted(visits, reverse=True)
    assert sum(visits) == SIMULATIONS
    np.testing.assert_allclose(sum(shares), 1.0, rtol=1e-5)
    assert all(value is None for value, count in zip(values, visits, strict=True) if not count)
    assert str(hint) == hint.table.text()
    alone = Session(player(simulations=0)).hint()
    assert alone.table.columns == ("move", "net")
    assert alone.table.rows[0][0] == "c1"


def test_a_notebook_shows_the_board_the_moves_and_the_hint(session: Session) -> None:
    session.play("b2")
    for shown in (session._repr_html_(), session.hint()._repr_html_()):
        root = ElementTree.fromstring(shown)
        assert "{http://www.w3.org/2000/svg}svg" in {element.tag for element in root.iter()}
    assert "moves: b2 c1" in session._repr_html_()
    assert session.svg().count('class="last"') == 1


@cache
def two_heads() -> Trained:
    """A net with two heads as it begins."""
    game, sgd = TIC_TAC_TOE, dl.optimizers.sgd(0.1)
    names = (*game.move_names, "value")
    spec = DataSpec("play:tic_tac_toe", "play", game.planes, "float32", names, 1, game=game.name)
    model = dl.models.board_net(game.moves, features=2, blocks=1, hidden_size=2)
    recipe = dl.Recipe(model, dl.objectives.self_play(model, game), sgd)
    state = init_state(model, sgd, jnp.zeros((1, *game.planes)), seed=0)
    return Trained(recipe, spec, dl.TrainOptions(), state, [])


def test_a_trained_net_plays_with_search_or_alone() -> None:
    """Alone it plays what its outputs say."""
    trained = two_heads()
    assert (thinker_of(trained).simulations, thinker_of(trained, 0).simulations) == (200, 0)
    thought = thinker_of(trained, 0).think(TIC_TAC_TOE.start())
    planes = TIC_TAC_TOE.observe(TIC_TAC_TOE.start())[None]
    outputs = trained.model.apply(trained.params, trained.model_state, planes)[0][0]
    np.testing.assert_allclose(thought.prior, jax.nn.softmax(outputs[:9]), rtol=1e-4)
    np.testing.assert_allclose(thought.value, jnp.tanh(outputs[9]), rtol=1e-4)
    session = play(trained, simulations=0, person="second", begun="b2 c1")
    assert len(session.moves) == 3


def test_what_cannot_play_is_refused() -> None:
    trained = two_heads()
    with pytest.raises(InputError, match="'third'"):
        play(trained, person="third")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="simulations"):
        play(trained, simulations=-1)
    with pytest.raises(InputError, match="move 2, b2: not legal"):
        play(trained, simulations=0, begun="b2 b2")
    with pytest.raises(InputError, match="names no number of simulations"):
        rollout_thinker("mcts:none", TIC_TAC_TOE)
    with pytest.raises(InputError, match="is no game"):
        play(replace(trained, spec=replace(trained.spec, game="")))
    with pytest.raises(InputError, match="chooses no moves"):
        play(replace(trained, spec=replace(trained.spec, task="regression")))


@pytest.mark.slow
def test_plain_tree_search_plays_to_the_end() -> None:
    session = Session(rollout_thinker("mcts:50", TIC_TAC_TOE), begun="b2")
    while not session.is_over:
        session.play(session.legal[0])
    assert session.opponent.evaluate.func is by_rollout(TIC_TAC_TOE).func
    assert "won" in session.status or "draw" in session.status


def test_a_click_is_a_move(session: Session) -> None:
    widgets = pytest.importorskip("ipywidgets")
    board, grid, undo = session.clicks().children
    assert isinstance(grid, widgets.GridBox)
    assert undo.disabled
    buttons = {button.description: button for button in grid.children}
    buttons["b2"].click()
    assert names(session) == ["b2", "c1"]
    assert [name for name, button in buttons.items() if button.disabled] == ["b2", "c1"]
    assert "O played c1" in board.value
    undo.click()
    assert names(session) == []
    assert not any(button.disabled for button in buttons.values())
