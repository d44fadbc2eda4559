"""`play RUN`: a game against a trained net, in the terminal."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.cli.right_kind import require_game
from dl.cli.typed import typed_lines
from dl.errors import InputError

if TYPE_CHECKING:
    from dl.games.thinking import Thinker
    from dl.runs.playing import Session

_HELP = """\
MOVE    play it, by its name: {moves}
moves   the legal moves
hint    how the net sees them: its probabilities, and visits and values of the search
undo    take your last move back
board   show the board again
quit    end (so does Ctrl-D)"""


def play(
    run: Path | None = None,
    /,
    *,
    second: Annotated[bool, Parameter(name="--second", negative="--first")] = False,
    simulations: int | None = None,
    begun: Annotated[str, Parameter(name="--from")] = "",
    against: str = "",
    game: str = "",
    seed: int = 0,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Play a game against the net of a run: type moves, or hint, undo, moves, help, quit.

    Moves are read from standard input, a line each, so that a game can be played by a script too.
    The board goes to standard output, with X for the player who moves first and O for the other.

    Parameters
    ----------
    run
        The folder of a run whose net plays a game; leave it out with --against.
    second
        Take the second move; the net begins.
    simulations
        How many positions the net looks at before a move: 200 by default, 0 for none. A net without
        a value makes none by default, and values positions by random roll-outs if it makes some.
    begun
        Begin after these moves, such as 4453.
    against
        Play without a run, against plain tree search: mcts:1000 makes 1,000 simulations.
    game
        Which game to play --against it, such as connect_four.
    seed
        Another seed draws other roll-outs.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.runs.playing import Session

    opponent = _opponent(run, against, game, simulations, checkpoint, catalog.package)
    session = Session(opponent, person=int(second), begun=begun, seed=seed)
    say(f"{opponent.game.name} against {opponent.name}; type a move, or help")
    print_text(session.text())
    for line in typed_lines(sys.stdin):
        if line.strip().lower() in ("quit", "q", "exit"):
            return
        try:
            print_text(answer(session, line.strip().lower()))
        except InputError as error:
            say(str(error))


def answer(session: "Session", line: str) -> str:
    """What is said to a line that was typed.

    Raises:
        InputError: for what is neither a word of the game nor a legal move.
    """
    if line in ("", "board"):
        return session.text()
    if line == "undo":
        return session.undo().text()
    if line == "hint":
        return str(session.hint())
    if line == "moves":
        return " ".join(session.legal) or "none: the game is over"
    if line in ("help", "?"):
        return _HELP.format(moves=_some(session.game.move_names))
    return session.play(line).text()


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 9 else f"{', '.join(names[:3])} ... {names[-1]}"


def _opponent(
    run: Path | None,
    against: str,
    game: str,
    simulations: int | None,
    checkpoint: Literal["last", "best"] | None,
    package: str,
) -> "Thinker":
    if (run is None) == (not against):
        raise InputError("give a run to play with, or --against mcts:1000 --game connect_four")
    if run is None:
        if simulations is not None or checkpoint:
            raise InputError(
                "--simulations and --checkpoint go with a run: mcts:1000 says how many simulations"
            )
        if not game:
            raise InputError("which game? give --game, such as connect_four")
        from dl.games.game import named
        from dl.runs.playing import rollout_thinker

        return rollout_thinker(against, named(game))
    if game:
        raise InputError("--game goes with --against: a run knows its game")
    require_game(run)
    from dl.runs.load import load
    from dl.runs.playing import thinker_of

    return thinker_of(load(run, checkpoint=checkpoint, package=package), simulations)
