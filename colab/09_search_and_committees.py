# %% [markdown]
# # Which learning rate? And why ask one net only?
#
# A net learns its weights; nobody learns its learning rate. You find one in a hundred steps, train many rates in one
# program, compare a grid with random search and with a search from coarse to fine, and then let several nets vote. It is
# D8, D7 and E15 of the lectures.
#
# You need to have [trained a net](repo:colab/00_quickstart.ipynb) before.

# %% [markdown]
# ## The problem
#
# The experiment `mlp_mnist` (C1) on the small digits of scikit-learn, with 32 units in each hidden layer and momentum
# (D1), which has a rate to be chosen. What is chosen by trying is chosen on **validation** (D8). The test part waits for
# the end: a figure on which something was chosen is too good.
#
# `build` also makes an optimizer with one fixed rate. Here it is left out, so that every training gets its own from the
# options.

# %%
from dataclasses import replace

import numpy as np

import dl
from experiments import mlp_mnist

options = mlp_mnist.Options(
    dataset="digits",
    validation=0.2,
    hidden_size=32,
    dropout=0.0,
    epochs=3,
    batch_size=32,
    optimizer="momentum",
    schedule="constant",
)
data = dl.load_data(options.dataset, validation=options.validation)
recipe = mlp_mnist.build(options, data.spec)._replace(optimizer=None)
data

# %% [markdown]
# ## A rate in a hundred steps
#
# A range test (Smith 2017) makes a hundred steps, each at a rate that is larger than the one before by the same factor,
# from $10^{-5}$ to 10. Small rates change nothing, larger ones let the loss fall, too large ones let it rise. It proposes
# the geometric mean of the rate at which the loss falls fastest and the one at which it is lowest.

# %%
tested = dl.search.range_test(recipe, data, options)
print(f"proposed: a rate of {tested.proposed:.2g}")
dl.plots.range_test_curve(tested)

# %% [markdown]
# ## Many rates in one program
#
# Is that rate any good? Train with others. A rate is a number *in* the compiled program, so that nets which differ in
# nothing else can be trained as one **population**: compiled once, and computed side by side, their weight matrices
# stacked. `recipe.varied` gives each member its own value, and `train_population` does that for you.

# %%
rates = [1e-4, 1e-3, 1e-2, tested.proposed, 1e-1, 1.0]
print(recipe.varied({"learning_rate": rates}).hyperparams)
tried = dl.train_population(recipe, data, options, varied={"learning_rate": rates}, progress=False)
for member in tried.members:
    last = member.history[-1]
    print(f"rate {member.options.learning_rate:<7.2g} {last.split} loss {last.values['loss']:7.3f}")

# %%
dl.plots.curves(
    {
        f"rate {member.options.learning_rate:.2g}": [
            record for record in member.history if record.split == "validation"
        ]
        for member in tried.members
    },
    metrics=["loss"],
)

# %% [markdown]
# Each member is the net that it would have been alone, to rounding, because members do not see each other. (The next
# notebook, on [many devices](repo:colab/10_many_devices.ipynb), compares one with a net that was trained alone.)
#
# What decides on the *program*, such as the number of units, the batch size or the optimizer (all in D8), cannot differ
# inside one population. A search trains such groups one after the other:
# `python -m experiments search mlp_mnist --vary learning_rate=log:1e-4..1 --vary hidden_size=log:16..256`.

# %% [markdown]
# ### Exercise 1: why a logarithmic scale?
#
# The lectures draw rates as $10^{U(-6, 1)}$, where $U$ is uniform (D8). What if you draw them uniformly between $10^{-6}$
# and 10 instead? Predict which share of them is below 0.1 in each case, then count.

# %%
log_scale = dl.search.LogUniform(1e-6, 10.0)
linear = dl.search.Uniform(1e-6, 10.0)
positions = np.random.default_rng(0).random(10_000)  # 0 is the lower end of a range, 1 the upper
print("the middle of each range:", log_scale.at(0.5), linear.at(0.5))

# %% [markdown]
# ### Solution

# %%
below = {
    name: np.mean([space.at(position) < 0.1 for position in positions])
    for name, space in {"log scale": log_scale, "linear": linear}.items()
}
print({name: f"{share:.1%}" for name, share in below.items()})
# Five of the seven powers of ten are below 0.1; of the length from 0 to 10 it is one hundredth.
assert abs(below["log scale"] - 5 / 7) < 0.02
assert abs(below["linear"] - 0.01) < 0.005

# %% [markdown]
# ## Two options: a grid, or at random?
#
# Now two options: the rate, and the weight decay λ of the penalty $\tfrac12 \lambda \lVert W \rVert^2$ (D9). A search in
# `dl` is a **space**, a **strategy** that says what to try, and a function that scores candidates. Here the score is
# the validation loss, and all candidates of a round are one population.

# %%
space = {
    "learning_rate": dl.search.LogUniform(1e-6, 10.0),
    "weight_decay": dl.search.LogUniform(1e-6, 1e-2),
}


def losses(candidates):
    varied = {name: [candidate[name] for candidate in candidates] for name in space}
    population = dl.train_population(recipe, data, options, varied=varied, progress=False)
    return population.history[-1].members["loss"]


def search(strategy):
    return replace(dl.search.minimise(losses, space, strategy), metric="validation loss")


on_grid = search(dl.search.GridSearch(16))
on_grid.table()

# %% [markdown]
# A net whose loss is no number any more has diverged; it ranks last. These are sixteen trainings, but only four different
# rates. Twelve of the nets have a rate that is far too small or far too large, and tell next to nothing, whatever their
# decay:

# %%
dl.plots.score_by_option(on_grid)

# %% [markdown]
# Random search (Bergstra and Bengio 2012, D8) tries sixteen different rates for the same price. It need not know which
# of the options matters.

# %%
at_random = search(dl.search.RandomSearch(16, seed=0))
dl.plots.score_by_option(at_random)

# %% [markdown]
# That may have been a lucky draw. Three more searches with other seeds are again one population, of 48 nets. (A grid may
# be lucky too, if one of its few rates happens to be the right one.)

# %%
draws = [dl.search.RandomSearch(16, seed=seed).draw(space, 0, []) for seed in range(1, 4)]
scores = np.reshape(losses([each for draw in draws for each in draw]), (3, 16))
bests = [at_random.best.score, *np.nanmin(scores, axis=1)]
print(f"grid:   {on_grid.best.score:.3f}")
print("random:", "  ".join(f"{score:.3f}" for score in bests))
print(f"{sum(best < on_grid.best.score for best in bests)} of {len(bests)} random searches win")

# %% [markdown]
# ## From coarse to fine
#
# Most of these trials were far away from anything useful. A search from coarse to fine (D8) spends its trials in stages.
# The first draws from the whole space, each later one from a smaller box around the best so far.

# %%
coarse_to_fine = search(dl.search.CoarseToFine(15, stages=3, seed=0))
for stage in range(3):
    own = [trial for trial in coarse_to_fine.trials if trial.round == stage]
    rates_of_it = sorted(trial.values["learning_rate"] for trial in own)
    best = min(trial.score for trial in own)
    print(f"stage {stage}: rates {rates_of_it[0]:.1e} to {rates_of_it[-1]:.1e}, best {best:.3f}")

# %% [markdown]
# All trials side by side, a line for each: do the good ones have a rate in common? A decay?

# %%
dl.plots.parallel_coordinates(coarse_to_fine)

# %% [markdown]
# ### Exercise 2: one stage more, by hand
#
# Try eight more candidates around the best of the random search: rates up to three times smaller and larger, on a
# logarithmic scale, with its decay as it is. Does the best get better?

# %%
best = at_random.best
narrow = dl.search.LogUniform(1e-6, 10.0)  # change this
stage = [
    dl.search.Candidate({**best.values, "learning_rate": rate}) for rate in narrow.grid(8)
]  # then: losses(stage)
print([f"{each['learning_rate']:.1e}" for each in stage])

# %% [markdown]
# ### Solution

# %%
centre = best.values["learning_rate"]
near = dl.search.LogUniform(centre / 3, centre * 3).grid(8)
finer = losses([dl.search.Candidate({**best.values, "learning_rate": rate}) for rate in near])
print(
    f"before {best.score:.3f}, now {min(finer):.3f} at a rate of {near[int(np.argmin(finer))]:.2g}"
)
assert np.isclose(near[0] * 9, near[-1])
# Even the worst of them is better than most of the random search. Which is the best among such near
# neighbours, a few of the validation digits decide: a stage or two like this are enough.
assert max(finer) < np.median([trial.score for trial in at_random.trials])

# %% [markdown]
# ## Ask several nets
#
# Nets that differ in their first weights make different mistakes. A **committee** (D7) answers with the mean of its
# members' probabilities:
#
# $$p(y \mid x) = \frac1K \sum_{k=1}^{K} p_k(y \mid x)$$
#
# Committees of convolutional nets trained on GPUs held the record on MNIST: 0.27 % errors in 2011 and 0.23 % in 2012
# (Ciresan et al., E15). `committee_mnist` follows them; here are eight small nets with the rate that the search found.
# They are one population again, and this time they differ in their seeds.

# %%
found = coarse_to_fine.best.values
chosen = replace(options, epochs=6, **found)
committee = dl.train_population(recipe, data, chosen, members=8, progress=False)
dl.plots.curves(committee.history)

# %% [markdown]
# The band is one standard deviation over the eight. Now the test part, on which nothing is chosen any more. What
# `train_population` returns answers as a committee, and `spread` has the figures of its members:

# %%
together, single = committee.evaluate("test"), committee.spread("test")
for name in ("accuracy", "loss"):
    print(
        f"{name:8}  members {single[name]:.4f} ± {single[f'{name}_std']:.4f}, the best "
        f"{single['accuracy_max' if name == 'accuracy' else 'loss_min']:.4f}; "
        f"committee {together[name]:.4f}"
    )

# %% [markdown]
# Compare the committee with the *mean* member: to take the best one you would have to know which it is, and on the test
# part nobody may choose. Which digits does the committee still get wrong?

# %%
report = committee.report("test")
dl.plots.mistakes(report, [data.test.inputs[mistake.index] for mistake in report.mistakes])

# %% [markdown]
# `committee.members` are the nets one by one. `dl.Committee` puts together nets that were trained apart, and that may
# be of different kinds, as long as they have the same classes: here one of the eight and a softmax regression (A5).

# %%
from experiments import softmax_mnist

simple = softmax_mnist.Options(dataset="digits", epochs=6, batch_size=32, validation=0.2)
softmax = dl.fit(softmax_mnist.build(simple, data.spec), data, simple, progress=False)
first = committee.members[0]
pair = dl.Committee((first, softmax))
for name, net in {"one of the eight": first, "softmax": softmax, "both": pair}.items():
    print(f"{name:16} test loss {net.evaluate('test')['loss']:.4f}")

# %% [markdown]
# ### Exercise 3: never worse than the mean member
#
# In its **loss** a committee is never worse than its members on average, whatever they are. Test that on the eight:
# compute both losses, $-\log$ of the probability given to the right class, from their probabilities on the test part.
# Can you say why it must be so? Does it hold for the accuracy too?

# %%
probabilities = np.stack([net.probabilities(data.test.inputs) for net in committee.members])
labels = data.test.targets
print(probabilities.shape, "members, digits, classes")

# %% [markdown]
# ### Solution

# %%
right = probabilities[:, np.arange(len(labels)), labels]  # [members, digits]
mean_member, of_mean = -np.log(right).mean(), -np.log(right.mean(axis=0)).mean()
print(f"mean member {mean_member:.4f}, committee {of_mean:.4f}")
assert np.isclose(of_mean, together["loss"], rtol=1e-4)
assert of_mean <= mean_member
# -log bends upwards, so by Jensen's inequality -log(mean of p) <= mean of(-log p), digit by digit.
assert np.all(-np.log(right.mean(axis=0)) <= -np.log(right).mean(axis=0) + 1e-6)
# Not so for the accuracy: here two of three members are just right, one is very sure and wrong.
three = np.array([[0.51, 0.49], [0.51, 0.49], [0.01, 0.99]])  # the first class is right
print(
    "right members:", (three.argmax(axis=1) == 0).mean().round(2), "committee:", three.mean(axis=0)
)
assert three.mean(axis=0).argmax() == 1
