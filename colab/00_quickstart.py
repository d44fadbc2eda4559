# %% [markdown]
# # Quick start: a network that reads digits
#
# In a few minutes you train LeNet, a convolutional network (lecture E8), on handwritten digits, look at how it learned
# and at what it still gets wrong, interrupt it without losing anything, and write a training step by hand.
#
# You need Python and an idea of what a derivative is. Run the cells from top to bottom with Shift+Enter.

# %% [markdown]
# ## Look at the data
#
# 1,797 digits, written by hand, come with scikit-learn. They are split into three parts: the network learns from
# **train**, we watch its progress on **validation**, and **test** is kept for the end.
#
# With `REAL_DATA` the digits are those of MNIST instead: 70,000 larger ones, which are downloaded (12 MB) and take some
# minutes to train on without a TPU or GPU.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
from pathlib import Path

import jax
import numpy as np

import dl
from experiments.lenet_digits import Options, build

# The options of the experiment lenet_digits, with fewer epochs. One epoch is one pass over all of train.
options = Options(dataset="mnist" if REAL_DATA else "digits", epochs=8)
data = dl.load_data(options.dataset, validation=options.validation)
data

# %% [markdown]
# A value that ends a cell is shown: a data set says what it holds. `data.show("test")` draws more of its examples with
# their labels.

# %%
data.show(count=20)

# %% [markdown]
# ## Train
#
# A training has three parts: a **model** (pictures in, ten numbers out), an **objective** (how wrong the numbers are:
# cross-entropy, −log of the probability given to the right digit, B1) and an **optimizer** (how to change the weights
# to make it less wrong: gradient descent with momentum, D1). The experiment builds all three.

# %%
recipe = build(options, data.spec)
dl.summarize(recipe.model, data.spec.input_shape)

# %% [markdown]
# The first step takes a moment longer: JAX compiles it for your processor. Then the curves grow while it learns.

# %%
trained = dl.fit(recipe, data, options)

# %% [markdown]
# ## Look at how it learned
#
# What `dl.fit` returns has the history of the training. `dl.plots` makes pictures of such values, which
# `dl.plots.save(figure, "curves.pdf")` writes to a file.

# %%
dl.plots.curves(trained.history)

# %% [markdown]
# Both losses should fall. Why is train *worse* than validation? A point of train is the mean over an epoch in
# which the network was still improving, with 30 % of its units switched off at random (dropout, D6) and on digits that
# are turned and shifted at random (augmentation, D7); validation is measured at the epoch's end, on plain digits with
# all units on. Train falling on while validation rises would be over-fitting (D9).

# %% [markdown]
# ## Look at its mistakes
#
# Now the test digits, which the network has never seen. A report compares the answers with the labels: how often each
# digit (a row) was taken for which (a column).

# %%
report = trained.report("test")
print(f"test accuracy {report.accuracy:.1%} on {report.examples} digits")
dl.plots.confusion(report)

# %% [markdown]
# The mistakes of which the network was most certain, "right → answered". Would you have known them all?

# %%
pictures, labels = data.test.inputs, data.test.targets
dl.plots.mistakes(report, [pictures[mistake.index] for mistake in report.mistakes])

# %% [markdown]
# ## Your own data
#
# `dl.make_dataset` makes a data set of arrays, here of 178 wines with 13 measurements each and three kinds. It cuts off
# a test part, finds from the targets what there is to predict, and refuses in one line what cannot be right.

# %%
from sklearn.datasets import load_wine

wine = load_wine()
scaled = (wine.data - wine.data.mean(axis=0)) / wine.data.std(axis=0)
wines = dl.make_dataset(
    scaled, wine.target, class_names=("first", "second", "third"), validation=0.2, name="wines"
)
wines

# %% [markdown]
# ## Your own model
#
# A model is two pure functions: one draws the parameters, the other maps parameters and inputs [B, 13] to outputs
# [B, 3]. This one is the multilayer perceptron of the lectures (C1), $a = \tanh(x W_1 + b_1)$, $y = a W_2 + b_2$. A recipe
# without an optimizer takes the one that the options describe. Nets of Flax or NNX come in with `dl.from_linen` and
# `dl.from_nnx`.

# %%
import jax.numpy as jnp


def init(key, inputs):
    first, second = jax.random.split(key)
    return {
        "W1": jax.random.normal(first, (inputs.shape[-1], 16)) / inputs.shape[-1] ** 0.5,
        "b1": jnp.zeros(16),
        "W2": jax.random.normal(second, (16, 3)) / 4,
        "b2": jnp.zeros(3),
    }


def apply(params, inputs):
    hidden = jnp.tanh(inputs @ params["W1"] + params["b1"])
    return hidden @ params["W2"] + params["b2"]


own_model = dl.from_functions(init, apply, name="own net")
own_recipe = dl.Recipe(own_model, dl.objectives.classification(own_model))
own_options = dl.TrainOptions(
    epochs=30, batch_size=16, optimizer="adam", learning_rate=0.01, validation=0.2
)
wine_net = dl.fit(own_recipe, wines, own_options)
print(f"test accuracy {wine_net.evaluate()['accuracy']:.1%}")

# %% [markdown]
# It predicts for raw inputs too:

# %%
wine_net.predict(scaled[:5].astype(np.float32))

# %% [markdown]
# ## Interrupt and resume
#
# Colab takes machines away, and people press the stop button. `dl.fit` then ends in good order and returns what it has;
# `resume=` goes on from there. Below, code presses the button after half of the epochs, and `progress=False` leaves the
# curves out.
#
# `recipe` was built once, for all 8 epochs: its learning rate rises and falls over the whole training. A recipe that is
# built for 4 epochs would be another training.

# %%
import signal


def press_stop_at_half_time(record):
    if record.split == "validation" and record.epoch == options.epochs / 2:
        signal.raise_signal(signal.SIGINT)  # what the stop button and Ctrl-C send


stopped = dl.fit(recipe, data, options, progress=False, on_record=press_stop_at_half_time)
print(f"interrupted: {stopped.interrupted}, after step {stopped.state.step}")

resumed = dl.fit(recipe, data, options, progress=False, resume=stopped)
print(f"resumed: finished after step {resumed.state.step}")

same = jax.tree.map(np.array_equal, resumed.state.params, trained.state.params)
print(f"every parameter equal to those of the uninterrupted training: {all(jax.tree.leaves(same))}")

# %% [markdown]
# Not just close, but equal in every bit: which digits a step sees and which units dropout switches off depend only on
# the seed and the step's number. (Some GPU programs add numbers in changing order. If you see `False` there, restart
# the session and set `os.environ["XLA_FLAGS"] = "--xla_gpu_deterministic_ops=true"` before JAX is imported.)
#
# ### On disk
#
# A long training should survive the loss of the machine too. The runner keeps a run in a folder: options, records and
# checkpoints. On a terminal these are
#
# ```
# python -m experiments run lenet_digits --epochs 4 --run-dir runs/first
# python -m experiments resume runs/first
# ```
#
# and `main` does the same without leaving the notebook. Again code presses stop, as soon as the first epoch is on disk.

# %%
import threading
import time

from dl.cli import main

folder = Path("runs", time.strftime("first-%H%M%S"))


def press_stop_after_first_epoch():
    records = folder / "metrics.jsonl"
    while not (records.exists() and records.stat().st_size):
        time.sleep(0.01)
    signal.raise_signal(signal.SIGINT)


threading.Thread(target=press_stop_after_first_epoch, daemon=True).start()
exit_code = main(
    "experiments", ["run", "lenet_digits", "--epochs", "4", "--run-dir", str(folder), "--quiet"]
)
print(f"exit code {exit_code}: 130 says that it was interrupted and saved")

# %% [markdown]
# The state is in the folder now, so you could close the notebook here. `resume` goes on, tests the network at the end and
# writes `result.json`.

# %%
main("experiments", ["resume", str(folder), "--quiet"])
print(sorted(path.name for path in folder.iterdir()))

# %% [markdown]
# `dl.load` brings a run back for use, with the preprocessing that it was trained with:

# %%
for (answer, probability), label in zip(
    dl.load(folder).predict(pictures[:5]), labels, strict=False
):
    print(f"says {answer} ({probability:.1%}), is {label}")

# %% [markdown]
# ## The training step by hand
#
# `dl.fit` is a loop around one pure function, `step(state, batch) -> (state, metrics)`. Ten lines without it: choose
# 32 digits at random, compute the gradient of their loss, move the weights a little against it, repeat (C8). `jit`
# compiles: the first state as one piece, and the step.

# %%
model = dl.models.lenet(data.spec.classes)
objective, optimizer = dl.objectives.classification(model), dl.optimizers.momentum(0.01)
example = dl.normalize(data.train.inputs[:1], data.spec)
state = jax.jit(lambda: dl.init_state(model, optimizer, example, seed=0))()
step = dl.jit_step(dl.make_train_step(objective, optimizer))
generator = np.random.default_rng(0)
for number in range(61):
    index = generator.choice(len(data.train), 32, replace=False)
    inputs, targets = dl.normalize(data.train.inputs[index], data.spec), data.train.targets[index]
    state, sums = step(
        state, {"inputs": inputs, "targets": targets, "mask": np.ones(32), "index": index}
    )
    if number % 15 == 0:
        print(f"step {number:2}: loss {dl.metrics.compute(sums)['loss']:.3f}")

# %% [markdown]
# The first loss should be near ln 10 ≈ 2.303, that of pure guessing among ten digits, or a little above it (B4): a check
# worth having before you train anything for hours. The numbers jump up and down because each belongs to a single batch.

# %% [markdown]
# ## Where to go next
#
# - **Change something above** and predict what happens before you run it: `dl.models.lenet5` in place of `lenet` (E9),
#   `dl.optimizers.adam(0.001)` in place of `momentum` (D1), a rate of 1.0 (D3), `Options(dropout=0.0)` (D6).
# - **See what there is**: `!python -m experiments list` names every experiment with its lecture and the result to
#   expect; `!python -m experiments show lenet5_mnist` prints a network's layers.
# - **Start from the beginning** of the lectures: the next notebook,
#   [neurons and XOR](repo:colab/01_neurons_and_xor.ipynb), goes from one neuron to a net.
# - **Read the code**: a file of `experiments/` is a page long and says what it reproduces;
#   [docs/design.md](repo:docs/design.md) explains how the rest is built.
