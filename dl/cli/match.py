"""`match AGENT AGENT`: let two players play many games."""

from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.outcome import print_text
from dl.ranges import SEED, check_number


def match(
    agent: str,
    other: str,
    /,
    *,
    games: int = 200,
    game: str = "",
    simulations: int = 0,
    temperature: float = 0.0,
    random_moves: int = 2,
    seed: int = 0,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Let two players play, half of the games with either colour; prints wins, draws and losses.

    A player is a run's folder, or random, one-step, mcts:SIMULATIONS, perfect. The figures are
    those of the first one. Games come in pairs that begin with the same random moves.

    Parameters
    ----------
    agent
        The player whose figures are told.
    other
        The player that it plays against.
    games
        How many games; an even number.
    game
        The game, such as connect_four; by default that of the run.
    simulations
        Let nets search with so many simulations a move; 0 plays by the net alone.
    temperature
        Values above 0 let nets draw their moves; 0 always takes the best.
    random_moves
        Random moves at the beginning of each pair; without any, players that do not draw their
        moves play the same two games again and again.
    seed
        Another seed plays other games.
    """
    check_number("seed", seed, SEED, whole=True)
    import jax

    from dl.games.elo import rating_difference
    from dl.games.match import play_match
    from dl.runs.play_games import Play, game_of, load_agent

    rules = game_of([agent, other], game, package=catalog.package)
    how = Play(simulations, temperature)
    first, second = (
        load_agent(name, rules, how, package=catalog.package) for name in (agent, other)
    )
    key = jax.random.key(seed)
    played = play_match(first, second, rules, games, key, openings=random_moves)
    print_text(played.table().text())
    difference, *ends = map(rating_difference, (played.score, *played.interval))
    print_text(f"Elo difference {difference:+.0f} (95 %: {ends[0]:+.0f} to {ends[1]:+.0f})")
