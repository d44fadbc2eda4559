# %% [markdown]
# # A net that learns to play, and you against it
#
# The rules of a game are a few pure functions. With them you play a thousand games at once, let a tree search look ahead,
# train a net that learns tic-tac-toe from nothing but games against itself, and then play against it. It is the last box
# of the figure on AlphaGo (H1), in the short form of AlphaZero (Silver et al. 2018).
#
# You need to have [trained a net](repo:colab/00_quickstart.ipynb) before.

# %% [markdown]
# ## Rules are pure functions
#
# A `Game` has no state. `start()` gives the first position, `play(position, move)` the next one, and `legal`, `over` and
# `score` tell about a position. A position is a small bundle of arrays.

# %%
from functools import partial

import jax
import jax.numpy as jnp

import dl
from dl import games

game = games.named("tic_tac_toe")
position = game.start()
for move in ("b2", "a1", "c1"):
    position = game.play(position, game.move_names.index(move))
print(games.board_text(position, game))
print("legal:", [game.move_names[move] for move in jnp.flatnonzero(game.legal(position))])

# %% [markdown]
# What a net sees are *planes*: a map of the stones of the player who is to move, and one of the other's. So it need not
# learn everything twice, once for each colour.

# %%
print(game.observe(position)[..., 0], "own stones (O)")
print(game.observe(position)[..., 1], "those of the other (X)")

# %% [markdown]
# ## A thousand games at once
#
# All of it works on one position. `jax.vmap` makes a function of many from a function of one, so a thousand games are
# played side by side, in one compiled program. Who wins if both players draw their moves at random?


# %%
def random_game(key):
    def move(position, key):
        choices = jnp.where(game.legal(position), 0.0, -jnp.inf)
        return game.play(position, jax.random.categorical(key, choices)), None

    end, _ = jax.lax.scan(move, game.start(), jax.random.split(key, game.longest))
    return game.score(end)


scores = jax.jit(jax.vmap(random_game))(jax.random.split(jax.random.key(0), 1000))
for score, name in ((1, "X wins"), (0, "draws"), (-1, "O wins")):
    print(f"{name}: {jnp.mean(scores == score):.1%}")

# %% [markdown]
# ### Exercise 1: is the middle a good beginning?
#
# Give X the middle as its first move and let the rest be random. Predict how often X wins, then count. Which beginning is
# the best, and which is the worst against a random player?

# %%
first = "b2"  # change this


# %% [markdown]
# ### Solution


# %%
@partial(jax.jit, static_argnames="first")
def wins_after(first, key):
    def random_end(key):
        def move(position, key):
            choices = jnp.where(game.legal(position), 0.0, -jnp.inf)
            return game.play(position, jax.random.categorical(key, choices)), None

        begun = game.play(game.start(), game.move_names.index(first))
        end, _ = jax.lax.scan(move, begun, jax.random.split(key, game.longest))
        return game.score(end) > 0

    return jnp.mean(jax.vmap(random_end)(jax.random.split(key, 4000)))


shares = {first: float(wins_after(first, jax.random.key(1))) for first in ("b2", "a1", "b1")}
print({first: f"{share:.0%}" for first, share in shares.items()})
# Four lines go through the middle, three through a corner, two through the middle of a side.
assert shares["b2"] > shares["a1"] > shares["b1"]

# %% [markdown]
# ## Looking ahead: tree search
#
# Monte Carlo tree search grows a tree of the games that may follow. Each *simulation* goes down the tree to a new
# position, asks how good that is, and adds the answer to all moves on the way. It goes down by the moves of the highest
#
# $$ Q(s, a) + c \, P(s, a) \frac{\sqrt{N(s)}}{1 + N(s, a)} \qquad \text{(H1)} $$
#
# with the mean value $Q$ of a move, its number of visits $N$, and its prior probability $P$: good moves are tried more
# often, and so are those that have hardly been tried. In the plainest form all moves are equally probable, and the value
# of a new position is the result of one random game from there, a *roll-out*.
#
# X can win at once here. Does the search see it?

# %%
rollouts = games.by_rollout(game)
position = games.read_moves("b2 a1 c2 b1", game)
for simulations in (10, 100, 1000):
    thought = games.Thinker("roll-outs", game, rollouts, simulations).think(position)
    visits = {name: int(thought.visits[move]) for move, name in enumerate(game.move_names)}
    print(simulations, {name: count for name, count in visits.items() if count})

# %%
shares = {"before": thought.prior, "visits after 1,000 simulations": thought.shares}
dl.plots.move_probabilities(game, position, shares)

# %% [markdown]
# ## AlphaZero: search teaches the net, the net guides the search
#
# A net with two heads replaces what was random: it gives the moves' probabilities $P$ and the value of a position. It
# plays against itself, each move chosen by a search with the net as it is. Then it learns from the games:
#
# $$ L = -\sum_a \pi(a) \log p(a) + (v - z)^2 $$
#
# where $\pi$ is what the search made of the moves and $z$ how the game ended. The search sees further than the net, so
# the net has something to learn from it, and a better net makes a better search. Nobody shows it a single good move.
# Some moves of self-play are made at random, so that it learns to answer bad moves too.
#
# In `dl` it is an ordinary recipe: the games are played inside the compiled training step, on the boards that the model
# carries from step to step.

# %%
data = dl.load_data("play:tic_tac_toe")
net = dl.models.board_net(game.moves, features=16, blocks=2)
net = dl.models.with_earlier_selves(net, 4)
model = dl.objectives.with_boards(net, game, room=128)
options = dl.TrainOptions(
    epochs=2,
    batch_size=128,
    optimizer="adam",
    learning_rate=0.002,
    validation=0.0,
)
every = options.total_steps(data.spec) // 4
objective = dl.objectives.self_play(
    model,
    game,
    simulations=16,
    opening=9,
    at_random=0.25,
    keep_every=every,
)
trained = dl.fit(dl.Recipe(model, objective), data, options)

# %% [markdown]
# Tic-tac-toe is small enough to be solved, so the test part has all 4,520 positions with the value of every move.
# `agreement` is the share in which the net's first choice, without any search, keeps what can be reached.

# %%
trained.evaluate("test")

# %% [markdown]
# ## Play against it
#
# `dl.play` begins a game. A cell that ends with the session shows the board; you type your moves.

# %%
session = dl.play(trained, simulations=50)
session.play("b2")

# %% [markdown]
# What would the net do in your place? `net` is its first guess, `visits` what the search made of it, and `value` is
# between −1, a loss, and 1, a win.

# %%
session.hint()

# %%
best = session.hint().table.rows[0][0]
print("playing", best)
session.play(best)

# %% [markdown]
# Typing is one way; with `clicks` there is a button for each move, and the net answers at once.

# %%
dl.play(trained, simulations=50).clicks()

# %% [markdown]
# `session.undo()` takes your move back. `dl.play(trained, person="second")` lets the net begin.

# %% [markdown]
# ### Exercise 2: can it be beaten?
#
# Play some games. Then let two other players try: one that draws its moves, and one that plays perfectly. Nobody beats a
# perfect player; how often is the net beaten by one?

# %%
session = dl.play(trained, simulations=50, person="second")
session

# %% [markdown]
# ### Solution

# %%
evaluate = games.evaluators.by_net(trained.model, trained.params, trained.model_state, game)
player = games.search_player(evaluate, game, simulations=50)
lost = {}
for name, other in {
    "random": games.random_player(game),
    "perfect": games.perfect_player(game),
}.items():
    match = games.play_match(player, other, game, 200, jax.random.key(0))
    lost[name] = int(match.counts.sum(axis=0)[2])
    print(name)
    print(match.table().text())
assert lost["random"] <= 2
assert lost["perfect"] <= 10

# %% [markdown]
# ## How strong is it? Elo
#
# Ratings make strength a number: 400 points more are odds of ten to one. The net has kept itself as it was at four moments
# of the training. They play matches with each other and with a random player, whose rating is 0.

# %%
from dl.runs.strength import ratings_of_selves

ratings = ratings_of_selves(trained, ("random",), every=every, simulations=16, games=60)
dl.plots.elo_curve(ratings["elo"], ratings["elo_error"])

# %% [markdown]
# The same from a terminal, and for a game that is not solved in a minute:
#
#     python -m experiments run alphazero_tic_tac_toe --run-dir runs/tic-tac-toe
#     python -m experiments play runs/tic-tac-toe
#     python -m experiments run alphazero_connect_four --run-dir runs/connect-four
#     python -m experiments play runs/connect-four --second --simulations 400
#     python -m experiments report runs/connect-four
