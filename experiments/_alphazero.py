"""What the experiments on self-play share: options, the recipe, how strong a net has become."""

from dataclasses import dataclass

from dl import (
    Count,
    CountOrZero,
    Dataset,
    DataSpec,
    OptimizerName,
    Recipe,
    ScheduleName,
    Share,
    Trained,
    TrainOptions,
    games,
    models,
    objectives,
)
from dl.runs.strength import agreement_with_search, matches, ratings_of_selves

Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class SelfPlayOptions(TrainOptions):
    """Options of learning by self-play; an example of a step is a board on which it plays."""

    batch_size: int = 128
    learning_rate: float = 2e-3
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    final_rate: float = 0.05
    weight_decay: float = 1e-4
    decoupled: bool = True
    validation: float = 0.0
    features: Count = 32
    """Maps of each convolution."""
    blocks: Count = 3
    """Residual blocks."""
    simulations: Count = 32
    """Simulations of the search for each move of self-play."""
    moves: Count = 4
    """Moves on each board between two updates."""
    lessons: Count = 16
    """Remembered positions of each board that an update learns from."""
    room: Count = 512
    """Positions of each board that are remembered."""
    opening: CountOrZero = 8
    """First moves of a game that are drawn from the search's policy, for variety."""
    at_random: Share = 0.1
    """Probability of a random move in the opening, to learn how to answer bad moves."""
    trust: Share = 0.5
    """Share of the search's own estimate in what values learn; the rest is the result."""
    snapshots: Count = 8
    """Earlier nets that are kept, to be rated beside the last one."""
    playing: Count = 64
    """Simulations of the search when the net is rated."""
    rated_games: CountOrZero = 200
    """Games of each match of the ratings; 0 rates nothing."""


def self_play_recipe(options: SelfPlayOptions, data_spec: DataSpec) -> Recipe:
    """A net with two heads that plays on its boards and learns from what it remembers."""
    game = games.named(data_spec.game)
    net = models.board_net(game.moves, features=options.features, blocks=options.blocks)
    net = models.with_earlier_selves(net, max(2, options.snapshots))
    model = objectives.with_boards(net, game, room=max(options.room, 2 * game.longest))
    objective = objectives.self_play(
        model,
        game,
        simulations=options.simulations,
        moves=options.moves,
        lessons=options.lessons,
        opening=options.opening,
        at_random=options.at_random,
        trust=options.trust,
        keep_every=steps_between_selves(options, data_spec) * options.accumulate,
    )
    return Recipe(model, objective)


def steps_between_selves(options: SelfPlayOptions, data_spec: DataSpec) -> int:
    """After how many steps the net is kept again, so that the kept ones span the training."""
    return max(1, -(-options.total_steps(data_spec) // max(2, options.snapshots)))


def strength(
    options: SelfPlayOptions, trained: Trained, data: Dataset, players: tuple[str, ...]
) -> Figures:
    """Matches of the net with search, and ratings of its earlier selves beside those players."""
    simulations = options.playing
    how = {"simulations": simulations, "games": options.rated_games, "seed": options.seed}
    return {
        **agreement_with_search(trained, data, simulations=simulations, seed=options.seed),
        **matches(trained, players, **how),
        **ratings_of_selves(
            trained,
            players[:3],
            every=steps_between_selves(options, data.spec),
            **{**how, "games": options.rated_games // 8 * 2},
        ),
    }
