# %% [markdown]
# # Training and regularisation
#
# Back-propagation gives the gradient. This notebook is about what to do with it: which step to take and how long it
# should be (D1-D3), where to begin (D4), how to keep a deep net well scaled (D5), and how to keep a large net from
# learning a few examples by heart (D6-D9).
#
# You should know what a gradient and a multilayer perceptron are (`01_neurons_and_xor`, `02_backpropagation`).

# %%
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import dl

# %% [markdown]
# ## Which step? The optimizers
#
# Gradient descent moves the weights a little against the gradient; momentum keeps a velocity v (D1):
#
# $$\text{SGD:}\quad w \leftarrow w - \alpha \nabla L \qquad\qquad \text{momentum:}\quad v \leftarrow \mu v - \alpha
# \nabla L,\quad w \leftarrow w + v$$
#
# AdaGrad, RMSprop, Adadelta, Adam and Adamax also divide each weight's step by the usual size of its gradient, so that
# steep and flat directions are treated alike. The lecture's test surface shows the difference (D2). It is a valley
#
# $$f(x, y) = \tfrac{1}{20} x^2 + y^2,$$
#
# 20 times as steep across (y) as along (x).

# %%
paths = {
    name: dl.lessons.trajectory(optimizer)
    for name, optimizer in dl.lessons.descent.OPTIMIZERS.items()
}
dl.plots.optimizer_paths(paths)

# %% [markdown]
# The same in numbers: `turns` counts how often a path crosses the valley's floor, `length` is how far it went.

# %%
print(dl.lessons.compare_optimizers().text())

# %% [markdown]
# Plain descent zig-zags: it crosses the floor at every one of its 30 steps and goes several times as far as the others.
# It ends low all the same, because its rate was chosen as large as this surface allows. None of the others needs to
# know that limit so exactly.

# %% [markdown]
# ## How long a step? The learning rate
#
# On this surface one can say exactly what a rate α does (D3). A step of plain descent multiplies each coordinate by a
# constant, because the gradient of ½cw² is cw:
#
# $$w \leftarrow w - \alpha c w = (1 - \alpha c)\, w.$$
#
# That shrinks w exactly if |1 − αc| < 1, so for 0 < α < 2/c. Along y the curvature c is 2, so the limit is α = 1.

# %%
print(dl.lessons.compare_rates().text())

# %%
rates = (0.01, 0.1, 0.5, 0.95, 1.0, 1.05)
by_rate = dict(zip(map("α = {}".format, rates), dl.lessons.sweep_rates(rates), strict=True))
dl.plots.path_values(by_rate)

# %% [markdown]
# Too small is slow, too large diverges, and the best rate lies just below the limit. A network's surface is no
# parabola, but the picture stays the same: the loss first falls faster and faster as the rate grows, and then, quite
# suddenly, not at all.

# %% [markdown]
# ### Exercise 1: a steeper valley
#
# The valley below is twice as steep across. What is the largest rate at which gradient descent still comes down? Work
# it out on paper, then put it in for `limit`. The cell tries a rate just below and one just above it: f should end near
# 0 below the limit, and be huge above it.


# %%
def steep(points):
    """f(x, y) = x²/20 + 2y²."""
    return points[..., 0] ** 2 / 20 + 2 * points[..., 1] ** 2


def ends(rate):
    """f after 200 steps of gradient descent."""
    path = dl.lessons.trajectory(dl.optimizers.sgd(rate), steps=200, function=steep)
    return float(steep(path[-1]))


limit = 0.1  # change this
print(f"just below: {ends(0.98 * limit):.3g}, just above: {ends(1.02 * limit):.3g}")

# %% [markdown]
# ### Solution

# %%
# The second derivative along y is 4, so the limit is 2/4.
limit = dl.lessons.descent.stable_rate(4.0)
print(
    f"limit {limit}: below it ends at {ends(0.98 * limit):.3g}, above it at {ends(1.02 * limit):.3g}"
)
assert limit == 0.5
assert ends(0.98 * limit) < 0.1 < 100 < ends(1.02 * limit)

# %% [markdown]
# Along x a rate of 0.5 is far from its limit of 20: the steepest direction decides for all.

# %% [markdown]
# ## Where to begin? The first weights
#
# If all weights begin at zero, all units of a layer compute the same, get the same gradient, and stay the same for
# ever. Random weights break this tie, but their size matters (D4). Each layer multiplies the size of its inputs by
# roughly √n·σ, where n is the number of its inputs and σ the standard deviation of its weights. Over many layers that
# is a power: it explodes or fades away, unless √n·σ is about 1. So Xavier's weights have
#
# $$\sigma^2 = \frac{2}{n_\text{in} + n_\text{out}}, \qquad\text{and He's, for ReLU, which halves the signal,}\qquad
# \sigma^2 = \frac{2}{n_\text{in}}.$$
#
# Below, 1,000 examples from N(0, 1) go through five layers of 100 tanh units. Each row is one way to begin.

# %%
keys = jax.random.split(jax.random.key(0))
inputs = jax.random.normal(keys[0], (1000, 100))
outputs = {}
for name in dl.lessons.initialisation.INITIALIZERS:
    weights = dl.lessons.initialisation.draw_weights(keys[1], name)
    outputs[name] = dl.lessons.initialisation.propagate(weights, inputs)[1]
dl.plots.activation_histograms(outputs)

# %%
print(dl.lessons.compare_initialisations().text())

# %% [markdown]
# With N(0, 1) the units are saturated: they say −1 or 1, and where tanh is flat no error passes back. With N(0, 0.01)
# the signal fades away. With Xavier's weights and with He's the spread shrinks only slowly.
#
# Before the first step there is a check that costs nothing (B4). A net that does not know anything yet should give each
# of K classes a probability of about 1/K, so its cross-entropy should be about ln K. If it is not, the first weights or
# the scale of the inputs are wrong. (Random outputs that differ a little from example to example put it somewhat above.)

# %%
data = dl.load_data("digits", validation=0.2)
model = dl.models.mlp(10, hidden_sizes=(128, 128))
params, model_state = model.init(jax.random.key(0), jnp.zeros((1, *data.spec.input_shape)))
untrained = dl.Network(model, params, model_state, data.spec)
given = np.asarray(untrained.probabilities(data.train.inputs))
loss = -np.log(given[np.arange(len(given)), data.train.targets]).mean()
print(f"before training: {loss:.2f}; ln 10 = {np.log(10):.2f}")

# %% [markdown]
# ## A net on the digits: rates and schedules
#
# Now a real surface: a net with two hidden layers of 128 units and about 1,150 handwritten digits. Six rates are trained
# side by side in one program (a *population*). They begin with the same weights and see the same batches.

# %%
recipe = dl.Recipe(model, dl.objectives.classification(model))
options = dl.TrainOptions(epochs=5, batch_size=32, validation=0.2)
tried = {"learning_rate": [0.0001, 0.001, 0.01, 0.1, 1.0, 10.0]}
sweep = dl.train_population(recipe, data, options, varied=tried, progress=False)
for member in sweep.members:
    last = [record for record in member.history if record.split == "train"][-1]
    print(f"rate {member.options.learning_rate:<7} training loss {last.values['loss']:.3g}")

# %% [markdown]
# The same three parts: too slow, good, and then suddenly not at all. Where the loss is about ln 10 = 2.30 the net guesses
# (B4); its units are dead. Rates are tried on a logarithmic scale, because it is the factor between two rates that
# matters (D8).
#
# There is a quicker way: a **range test** trains a single net for a hundred steps and makes the rate a little larger at
# each of them. Where the loss falls fastest is a good rate, where it is lowest is already a little too large.

# %%
test = dl.search.range_test(recipe, data, replace(options, optimizer="momentum"))
print(f"proposed for momentum: {test.proposed:.3g}")
dl.plots.range_test_curve(test)

# %% [markdown]
# The rate need not stay the same. A large rate makes way, but the gradient of a batch is only an estimate, and a large
# rate keeps following its noise. So one lowers it towards the end: a **schedule** is a factor on the rate.

# %%
steps = options.total_steps(data.spec)
cosine, one_cycle = dl.optimizers.cosine(steps=steps), dl.optimizers.one_cycle(steps=steps)
print("step   cosine  one-cycle")
for step in np.linspace(0, steps, 6).astype(int):
    print(f"{step:4} {cosine(step):8.2f} {one_cycle(step):10.2f}")

# %%
histories = {}
for schedule in ("constant", "cosine", "one-cycle"):
    chosen = replace(
        options, optimizer="momentum", learning_rate=0.03, schedule=schedule, members=4
    )
    histories[schedule] = dl.fit(recipe, data, chosen, progress=False).history
dl.plots.curves(histories)

# %% [markdown]
# A line is the mean of four nets with different first weights and orders of the batches; the band is one standard
# deviation to either side. Training is drawn with dashes. One-cycle begins slowly and catches up; and where bands
# overlap, one training of each could have told you the opposite.

# %% [markdown]
# ## Batch normalisation
#
# Good first weights keep the signal's scale at the beginning. **Batch norm** (D5) keeps it there: over a batch, each
# unit's input gets mean 0 and standard deviation 1, and then a scale γ and a shift β that are learned:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y = \gamma \hat x + \beta.$$
#
# It stands between the dense layer and the activation. Here it is by hand:

# %%
z = 5 + 3 * jax.random.normal(jax.random.key(1), (64, 4))  # a batch of 64, four units
mean, variance = z.mean(0), z.var(0)
normal = (z - mean) / jnp.sqrt(variance + 1e-5)
gamma, beta = 2.0, 0.5
y = gamma * normal + beta
with jnp.printoptions(precision=2, suppress=True):
    print("mean before", mean, "after", y.mean(0))
    print("deviation before", jnp.sqrt(variance), "after", y.std(0))

# %% [markdown]
# What is it good for? The experiment `mlp_few_mnist` can begin with weights that are too large, and can normalise its
# units. Four times the right size, five nets each, and then both again at the right size:

# %%
from experiments.mlp_few_mnist import Options, build

few = Options(
    dataset="digits",
    validation=0.2,
    train_examples=0,  # all of them, for now
    epochs=10,
    evaluate_every=1,
    hidden_size=128,
    members=5,
)
normalised = {}
for scale in (1.0, 4.0):
    for batch_normalised in (False, True):
        chosen = replace(few, weights_scale=scale, batch_normalised=batch_normalised)
        name = f"{'batch norm' if batch_normalised else 'plain'}, × {scale:g}"
        normalised[name] = dl.fit(build(chosen, data.spec), data, chosen, progress=False)
        spread = normalised[name].spread("test")
        print(f"{name:<15} test loss {spread['loss']:.2f} ± {spread['loss_std']:.2f}")

# %%
too_large = {name: normalised[f"{name}, × 4"].history for name in ("plain", "batch norm")}
dl.plots.curves(too_large, metrics=["accuracy"])

# %% [markdown]
# The picture shows the nets that began four times too large. With good first weights batch norm changes little; with bad
# ones it takes most of the harm away: it makes a net less sensitive to its initialisation (and to the rate).

# %% [markdown]
# ## Dropout
#
# Dropout (D6) switches random hidden units off, others at each step, so that no unit can rely on a certain other one.
# For prediction all units are on, as if one averaged very many thinned nets. Units that stay on in training are divided
# by the share that stays, so that the next layer gets as much as it will in prediction:

# %%
rate = 0.4
units = jnp.ones((10_000, 5))
stays = jax.random.bernoulli(jax.random.key(2), 1 - rate, units.shape)
dropped = jnp.where(stays, units / (1 - rate), 0.0)
with jnp.printoptions(precision=2, suppress=True):
    print("three of the rows:", dropped[:3], sep="\n")
    print("mean of each unit:", dropped.mean(0))

# %% [markdown]
# ## Over-fitting: a large net and a hundred examples
#
# A net of more than 100,000 weights and 100 digits to learn from: it will know them by heart (D9). What matters is how it
# does on others. We compare
#
# - **nothing**, the plain net,
# - **weight decay** (B3, D9): a penalty ½λ‖W‖² is added to the loss, so that each step also shrinks the weights, by αλW,
# - **dropout** of half of the hidden units (D6),
# - **batch norm** (D5),
# - **augmentation** (D7): turned and shifted a little, a digit stays the same digit.
#
# Five nets of each are trained in one program. Tick the box to do it with 300 digits of MNIST, larger and more varied, of
# which 10,000 are for the test; that takes several minutes on a CPU.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
if REAL_DATA:
    few = Options(members=5, evaluate_every=5)
    data = dl.data.dataset.limit(
        dl.load_data(few.dataset, validation=few.validation), train=few.train_examples
    )
else:
    few = replace(few, epochs=50, evaluate_every=5)
    data = dl.data.dataset.limit(data, train=100)
print(f"{len(data.train)} to learn from, {len(data.validation)} to watch, {len(data.test)} to test")

# %%
remedies = {
    "nothing": {},
    "weight decay": {"weight_decay": 0.01},
    "dropout": {"dropout": 0.5},
    "batch norm": {"batch_normalised": True},
    "augmentation": {"degrees": 10.0, "shift": 2.0},
}


def train(**changes):
    chosen = replace(few, **changes)
    return dl.fit(build(chosen, data.spec), data, chosen, progress=False)


nets = {name: train(**changes) for name, changes in remedies.items()}


# %%
def figures(trained):
    """Test accuracy and loss: mean and standard deviation over the nets."""
    test = trained.spread("test")
    accuracy = f"{test['accuracy']:.1%} ± {test['accuracy_std']:.1%}"
    return f"{accuracy}    {test['loss']:.3f} ± {test['loss_std']:.3f}"


known = nets["nothing"].spread("train")["accuracy"]
print(f"nothing: {known:.0%} of the training digits right\n")
print(f"{'':<14}test accuracy    test loss")
for name, trained in nets.items():
    print(f"{name:<14}{figures(trained)}")

# %%
dl.plots.curves({name: nets[name].history for name in ("nothing", "weight decay", "augmentation")})

# %% [markdown]
# The plain net has all of its training digits right and a training loss near 0, but many of the others wrong: that gap
# is over-fitting. Now look at the differences *with their error bars*. Most are no larger than the spread between five
# nets that differ in nothing but their random numbers, so that a single training of each would tell you little; and not
# every remedy helps every net. The loss shows more than the accuracy: an over-fitted net is too sure of its wrong
# answers. With MNIST's digits, which are placed less carefully than these, augmentation is worth several points;
# [docs/results.md](repo:docs/results.md) has the table.
#
# **Early stopping** is the cheapest remedy: watch the loss on held-out digits, and take the weights from when it was
# lowest. `patience` says after how many evaluations without a better one training ends.

# %%
stopped = train(patience=5, evaluate_every=1)
best = stopped.best.state.steps_made // few.steps_in(1, data.spec)
print(
    f"stopped after epoch {stopped.history[-1].epoch:.0f}; the best weights are those of epoch {best}"
)
print(f"{'early stopping':<14} {figures(stopped)}")

# %% [markdown]
# ### Exercise 2: combine them
#
# Regularisers can be combined. Find a combination whose mean test loss is below that of each remedy alone. (In earnest
# you would choose by the validation loss, and look at the test part once, at the very end (D8): why?)

# %%
combination = {"weight_decay": 0.001}  # change this
combined = train(**combination)
print(figures(combined))

# %% [markdown]
# ### Solution

# %%
combined = train(weight_decay=0.01, dropout=0.3, degrees=10.0, shift=2.0)
print(figures(combined))
alone = min(trained.spread("test")["loss"] for trained in nets.values())
assert combined.spread("test")["loss"] < alone

# %% [markdown]
# If you try fifty combinations on the test part and keep the best, you have fitted your choice to these test digits,
# and its figure is too good: the smallest of fifty noisy numbers is small by luck too.

# %% [markdown]
# ### Exercise 3: the slide's weight decay
#
# A slide prints the update as W ← W − α∂L/∂W − λW. Without the rate α in the last term, λ would mean something else at
# every rate. What is left of a weight of 1 after 100 steps of the right update at α = 0.1 and λ = 0.5, if the data do not
# pull at it (∂L/∂W = 0)? And of the slide's? Put in two formulas.

# %%
right = 1.0  # change this
slide = 1.0  # change this
print(f"right: {right:.3g}, as on the slide: {slide:.3g}")

# %% [markdown]
# ### Solution

# %%
# Each step multiplies the weight by a constant: 1 − αλ, or on the slide 1 − λ.
right, slide = (1 - 0.1 * 0.5) ** 100, (1 - 0.5) ** 100
print(f"right: {right:.3g}, as on the slide: {slide:.3g}")
for form, expected in (("coupled", right), ("as printed", slide)):
    weight = jnp.ones(1)
    for _ in range(100):
        weight = dl.lessons.penalties.sgd_update(
            weight, jnp.zeros(1), rate=0.1, strength=0.5, form=form
        )
    assert np.isclose(float(weight[0]), expected, rtol=1e-3)

# %% [markdown]
# ## Where to go next
#
# - `04_convolution_and_lenet`: the strongest regulariser for pictures is to share weights over all places (D7).
# - `09_search_and_committees`: search for good settings on the validation part (D8), and let several nets vote.
# - All of the experiments have these options: `!python -m experiments run mlp_few_mnist --help` lists them.
