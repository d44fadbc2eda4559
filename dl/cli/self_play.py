"""`self_play AGENT`: record games."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.outcome import print_text, say
from dl.errors import InputError
from dl.screen import escaped

if TYPE_CHECKING:
    from dl.games.records import Records


def self_play(
    agent: str,
    other: str = "",
    /,
    *,
    to: Path,
    games: int = 1000,
    game: str = "",
    simulations: int = 0,
    temperature: float = 0.0,
    random_moves: int = 0,
    seed: int = 0,
    at_once: int = 256,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Record games of a player with itself, or with another one; prints the name of the file.

    A player is a run's folder, or random, one-step, mcts:SIMULATIONS, perfect. The file is what
    the data sets moves:FILE and outcomes:FILE read. It is written again and again, so that games
    that are over stay when the command is stopped.

    Parameters
    ----------
    agent
        The player.
    other
        Another player, in the place of the first itself; each has the first move in half of the
        games.
    to
        The file to write, such as games.npz.
    games
        How many games.
    game
        The game, such as connect_four; by default that of the run.
    simulations
        Let nets search with so many simulations a move; 0 plays by the net alone.
    temperature
        Values above 0 let nets draw their moves; 0 always takes the best.
    random_moves
        Begin games with up to this many random moves.
    seed
        Another seed records other games; the same seed records the same games.
    at_once
        Games that are played side by side.
    """
    if to.suffix != ".npz":
        raise InputError(f"--to is {to}; give a file whose name ends with .npz")
    from dl.data.game_files import write_games
    from dl.runs.files import check_output
    from dl.runs.play_games import Play, game_of, load_agent, record_games

    check_output(to)
    rules = game_of([agent, other], game, package=catalog.package)
    how = Play(simulations, temperature)
    players = [
        load_agent(name, rules, how, package=catalog.package) if name else None
        for name in (agent, other)
    ]
    assert players[0] is not None

    def told(records: "Records", seconds: float) -> None:
        write_games(to, records)
        say(f"{len(records.scores):,} of {games:,} games, {seconds:.0f} s")

    records = record_games(
        *(players[0], players[1]),
        rules,
        games=games,
        seed=seed,
        random_moves=random_moves,
        at_once=at_once,
        told=told,
    )
    first, drawn = ((records.scores == score).mean() for score in (1, 0))
    say(
        f"{rules.name}: the first player won {first:.1%}, {drawn:.1%} were draws, "
        f"{records.lengths.mean():.1f} moves a game"
    )
    print_text(escaped(str(to)))
