"""A person plays a game against a net: the methods of a `Session` are what can be done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dl.data.spec import DataSpec
from dl.errors import InputError
from dl.games.drawing import board_svg, new_stone
from dl.games.evaluators import by_net, policy_of
from dl.games.notation import (
    STONES,
    board_text,
    move_numbers,
    outcome_text,
    play_moves,
    write_moves,
)
from dl.games.openings import signed
from dl.games.rollout import by_rollout
from dl.games.rules import Game, Position
from dl.games.thinking import Thinker, Thought
from dl.ranges import SEED, check_number
from dl.runs.clicks import clickable
from dl.runs.load import load
from dl.runs.play_games import SIMULATIONS, game_of_run, simulations_of
from dl.runs.trained import Trained
from dl.screen import escaped_html
from dl.tables import Table


@dataclass(frozen=True, repr=False)
class Hint:
    """What a player thinks of a position: a table of the moves, and in a notebook the board."""

    table: Table
    svg: str

    def __repr__(self) -> str:
        return self.table.text()

    def _repr_html_(self) -> str:
        return f"<div>{self.svg}{self.table.html()}</div>"


class Session:
    """A game between a person and a player that thinks; a notebook shows it as a board.

    `person` is 0 with the first move and 1 with the second. What the person plays is answered at
    once. `play`, `undo` and `reply` return the session, so that a cell that ends with them shows
    the board. In a notebook moves are typed, or clicked on with `clicks`.

    >>> from dl.games.game import named
    >>> from dl.games.rollout import by_rollout
    >>> game = named("tic_tac_toe")
    >>> session = Session(Thinker("roll-outs", game, by_rollout(game), simulations=50))
    >>> len(session.play("b2").moves), len(session.undo().moves)
    (2, 0)
    """

    def __init__(
        self, opponent: Thinker, *, person: int = 0, begun: str = "", seed: int = 0
    ) -> None:
        """Begin after the moves of `begun`, such as "4453"; the opponent moves if it is its turn.

        Raises:
            InputError: for moves that cannot be, and a seed out of range.
        """
        check_number("seed", seed, SEED, whole=True)
        self.opponent, self.person, self.seed = opponent, person, seed
        self._go_to(move_numbers(begun, self.game))
        self.reply()

    @property
    def game(self) -> Game:
        """The rules."""
        return self.opponent.game

    @property
    def is_over(self) -> bool:
        """Whether the game has ended."""
        return bool(self.game.over(self.position))

    @property
    def legal(self) -> tuple[str, ...]:
        """The names of the moves that are allowed now."""
        marks = np.asarray(self.game.legal(self.position))
        return tuple(self.game.move_names[move] for move in np.flatnonzero(marks))

    @property
    def status(self) -> str:
        """In a line: the last move, how the game stands, and which stones are the person's."""
        made = ""
        if self.moves:
            who = STONES[1 + int(self.game.mover(self._before()))]
            made = f"{who} played {self.game.move_names[self.moves[-1]]}; "
        stands = outcome_text(self.position, self.game)
        return f"{made}{stands} (you are {STONES[1 + self.person]})"

    def play(self, move: str) -> "Session":
        """Make the person's move, by its name, and let the opponent answer.

        Raises:
            InputError: for an illegal move, with those that are legal; for a finished game.
        """
        numbers = move_numbers(move, self.game)
        if len(numbers) != 1:
            raise InputError(f"one move at a time; legal are {', '.join(self.legal) or 'none'}")
        self._go_to([*self.moves, *numbers])
        return self.reply()

    def reply(self) -> "Session":
        """Let the opponent move, if it is its turn."""
        if not self.is_over and int(self.game.mover(self.position)) != self.person:
            self._go_to([*self.moves, self.think().move])
        return self

    def undo(self) -> "Session":
        """Take the person's last move back, and the answer to it.

        Raises:
            InputError: if the person has made no move.
        """
        kept = list(self.moves)
        while kept:
            kept.pop()
            if int(self.game.mover(play_moves(kept, self.game))) == self.person:
                self._go_to(kept)
                return self
        raise InputError("there is no move of yours to take back")

    def think(self) -> Thought:
        """What the opponent thinks of the position as it is."""
        return self.opponent.think(self.position, self.seed + len(self.moves))

    def hint(self) -> Hint:
        """The legal moves as the opponent sees them, the best first.

        `net` is the probability before the search and `visits` how often the search has tried the
        move. Values, from −1 to 1, are for the player who is to move.

        Raises:
            InputError: when the game is over.
        """
        check_not_over(self.position, self.game)
        thought = self.think()
        return Hint(_as_table(thought, self.game, self.legal), self.svg(thought.shares))

    def clicks(self) -> Any:
        """The board with a button for each move, for a notebook (`dl.runs.clicks`)."""
        return clickable(self)

    def text(self) -> str:
        """The board and how the game stands, for a terminal."""
        return f"{board_text(self.position, self.game)}\n{self.status}"

    def svg(self, shares: np.ndarray | None = None) -> str:
        """The board, with the last move marked; `shares` [A] are shown as in `board_svg`."""
        board = np.asarray(self.game.board(self.position))
        last = new_stone(self.game.board(self._before()), board) if self.moves else None
        return board_svg(self.game, board, last=last, shares=shares, title=self.status)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        moves = write_moves(self.moves, self.game) or "none yet"
        lines = [self.status, f"against {self.opponent.name}; moves: {moves}"]
        lines += [f"legal: {', '.join(self.legal)}"] if not self.is_over else []
        told = "".join(f"<div>{escaped_html(line)}</div>" for line in lines)
        return f"<div>{self.svg()}{told}</div>"

    def _go_to(self, moves: list[int]) -> None:
        self.position: Position = play_moves(moves, self.game)
        self.moves = tuple(moves)

    def _before(self) -> Position:
        """The position before the last move."""
        return play_moves(self.moves[:-1], self.game)


def play(
    net: Trained | str | Path,
    *,
    simulations: int | None = None,
    person: Literal["first", "second"] = "first",
    begun: str = "",
    seed: int = 0,
) -> Session:
    """Begin a game against a trained net, or that of a run's folder.

    A net with two heads searches with so many `simulations`, 200 if none are given; 0 plays its
    most probable move. A policy alone does that unless it is given simulations; then random
    roll-outs value the leaves. `begun` are moves that were made before, such as "4453".

    Raises:
        InputError: for a net that plays no game, and moves that cannot be.
    """
    if person not in ("first", "second"):
        raise InputError(f"person is {person!r}: the one who moves 'first', or 'second'")
    trained = net if isinstance(net, Trained) else load(net)
    opponent = thinker_of(trained, simulations)
    return Session(opponent, person=int(person == "second"), begun=begun, seed=seed)


def thinker_of(trained: Trained, simulations: int | None = None) -> Thinker:
    """The player that a trained net is; see `play`.

    Raises:
        InputError: for a net that plays no game or chooses no move.
    """
    check_number("simulations", simulations or 0, SIMULATIONS, whole=True)
    game = game_of_run(trained)
    if not chooses_moves(trained.spec):
        raise InputError(
            f"the run values positions of {game.name} and chooses no moves: give that of a policy "
            "or of a net with two heads"
        )
    name, own = trained.model.name, (trained.model, trained.params, trained.model_state, game)
    if trained.spec.task == "play":
        count = 200 if simulations is None else simulations
        return Thinker(name, game, by_net(*own), count)
    return Thinker(name, game, by_rollout(game, prior=policy_of(*own)), simulations or 0)


def chooses_moves(spec: DataSpec) -> bool:
    """Whether a net of these data chooses the moves of a game."""
    return bool(spec.game) and spec.task in ("play", "classification")


def check_not_over(position: Position, game: Game) -> None:
    """Raise an `InputError` if the game has ended."""
    if game.over(position):
        raise InputError(f"the game is over, {outcome_text(position, game)}: take moves back")


def rollout_thinker(name: str, game: Game) -> Thinker:
    """Plain Monte Carlo tree search by its name, `mcts:1000`.

    Raises:
        InputError: for another name, and numbers out of range.

    >>> from dl.games.game import named
    >>> rollout_thinker("mcts:100", named("tic_tac_toe")).simulations
    100
    """
    if not name.startswith("mcts:"):
        raise InputError(f"{name!r} is no player to play against: give such as mcts:1000")
    return Thinker(name, game, by_rollout(game), simulations_of(name))


def _as_table(thought: Thought, game: Game, legal: tuple[str, ...]) -> Table:
    rows = [
        (name, float(thought.prior[move]), int(visits), float(value) if visits else None)
        for move, name in enumerate(game.move_names)
        for visits, value in [(thought.visits[move], thought.values[move])]
        if name in legal
    ]
    rows.sort(key=lambda row: (-row[2], -row[1]))
    searched = thought.tree is not None
    columns = ("move", "net", "visits", "value") if searched else ("move", "net")
    return Table(
        columns,
        [row[: len(columns)] for row in rows],
        formats={"net": ".1%", "value": signed},
        title=f"the position is worth {signed(thought.value)} to the player to move"
        if searched
        else "",
    )
