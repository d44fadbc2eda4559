# %% [markdown]
# # Neurons, and what one of them cannot do
#
# From the threshold unit of 1943 to the smallest net that learns XOR. You give weights to neurons by hand, let them
# learn by Rosenblatt's rule, see a perceptron fail, and mend that with one more layer. It is part A of the lectures.
#
# You need Python, vectors and derivatives.

# %% [markdown]
# ## A neuron decides by a threshold
#
# A threshold unit (McCulloch and Pitts 1943, A1) adds up its inputs, each times a weight, and fires if the sum is large:
#
# $$y = 1 \text{ if } w \cdot x + b > 0, \text{ else } 0$$
#
# With inputs 0 and 1 it computes Boolean functions. The weights of these four were chosen by hand (A3).

# %%
import jax
import jax.numpy as jnp
import numpy as np

import dl

corners = jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]])
for name, (weights, bias) in dl.lessons.gates.GATE_WEIGHTS.items():
    print(f"{name:4}  w = {weights}, b = {bias:4}:  {dl.lessons.gate(name, corners)}")

# %% [markdown]
# The unit also answers between the corners. Where $w \cdot x + b = 0$ its answer changes: in the plane that is a
# straight line, and $w$ points to the side of the ones.

# %%
plane = {"x": (-0.5, 1.5), "y": (-0.5, 1.5)}


def regions_of(name):
    return dl.inspect.decision_grid(lambda points: dl.lessons.gate(name, points), **plane)


dl.plots.decision_regions({name: regions_of(name) for name in ("and", "or", "nand")})

# %% [markdown]
# ### Exercise 1: a gate of your own
#
# Find weights and a bias for "the first, but not the second": 1 for $x = (1, 0)$ alone. Think of the line first.

# %%
weights, bias = jnp.array([0.0, 0.0]), 0.0  # change these
print((corners @ weights + bias > 0).astype(int), "should be [0 0 1 0]")

# %% [markdown]
# ### Solution

# %%
# The first input speaks for it, the second against it, and the first alone must be enough: 0 < -b < 1.
solution_weights, solution_bias = jnp.array([1.0, -1.0]), -0.5
answers = corners @ solution_weights + solution_bias > 0
print(answers.astype(int))
assert answers.tolist() == [False, False, True, False]

# %% [markdown]
# ## A neuron learns
#
# Rosenblatt's perceptron (1958, A2) finds its weights from examples. For one example after the other:
#
# $$e = y - \hat y, \qquad w \leftarrow w + e\,x, \qquad b \leftarrow b + e$$
#
# Nothing happens while it is right; a mistake turns the line a little. Here it learns AND.

# %%
targets = np.array([0, 0, 0, 1])
w, b = np.zeros(2), 0.0
for epoch in range(1, 11):
    mistakes = 0
    for x, y in zip(np.asarray(corners), targets, strict=True):
        error = y - int(w @ x + b > 0)
        w, b, mistakes = w + error * x, b + error, mistakes + abs(error)
    print(f"epoch {epoch}: mistakes {mistakes}, w = {w}, b = {b:+.0f}")
    if not mistakes:
        break

# %% [markdown]
# The experiment `perceptron_gates` does the same for four gates at once. On the perceptron's loss, gradient descent with
# rate 1 *is* Rosenblatt's rule, so that the same `dl.fit` serves this unit and the deepest net.

# %%
from experiments import perceptron_gates

gates, options = dl.load_data("gates"), perceptron_gates.Options()
learned = dl.fit(perceptron_gates.build(options, gates.spec), gates, options)
print(f"accuracy on the four gates: {learned.evaluate()['accuracy']:.0%}")

# %% [markdown]
# ## XOR: no line will do
#
# XOR is 1 if exactly one input is. Its ones lie on one diagonal and its zeros on the other, and no straight line has
# both ones on one side and both zeros on the other (Minsky and Papert 1969, A3). The rule never comes to rest:

# %%
from experiments import perceptron_xor

xor, options = dl.load_data("xor"), perceptron_xor.Options()
failed = dl.fit(perceptron_xor.build(options, xor.spec), xor, options, progress=False)
print(f"accuracy after {options.epochs} epochs: {failed.evaluate()['accuracy']:.0%}")

# %% [markdown]
# Yet three units do it in two layers: XOR = AND(OR, NAND). "At least one of them, and not both."

# %%
found = {
    "one unit": dl.inspect.decision_grid(failed, **plane),
    "AND(OR, NAND)": dl.inspect.decision_grid(dl.lessons.composed_xor, **plane),
}
dl.plots.decision_regions(
    found, points=xor.train.inputs, labels=xor.train.targets, class_names=("0", "1")
)

# %% [markdown]
# ### Exercise 2: try all lines
#
# A unit that failed in 50 epochs may have been unlucky. Go through all weights and biases from −2 to 2 in steps of ¼:
# how many of the four corners can one unit get right at best?

# %%
grid = np.arange(-2, 2.01, 0.25)  # all values of w1, of w2 and of b

# %% [markdown]
# ### Solution

# %%
w1, w2, b = (axis.ravel()[:, None] for axis in np.meshgrid(grid, grid, grid))
fires = w1 * np.asarray(corners)[:, 0] + w2 * np.asarray(corners)[:, 1] + b > 0
right = (fires == [0, 1, 1, 0]).sum(axis=1)
print(f"of {len(right):,} units the best gets {right.max()} of 4 corners right")
assert right.max() == 3
# The proof: b <= 0 (first corner), w2 + b > 0 and w1 + b > 0 (the ones) give w1 + w2 + 2b > 0, so
# w1 + w2 + b > -b >= 0: the unit fires at (1, 1), where it must not.

# %% [markdown]
# ## A neuron that says how sure it is
#
# A step has no slope, so that nobody can say which way to turn the weights. The logistic neuron (A4) answers with a
# probability:
#
# $$P(y = 1) = \sigma(w \cdot x + b), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Its boundary is still a straight line. Two interleaved half circles show what that is good for, and what not:

# %%
from experiments import logistic_moons

moons = dl.load_data("moons", validation=0.1)
options = logistic_moons.Options()
logistic = dl.fit(logistic_moons.build(options, moons.spec), moons, options)

# %%
square = {"x": (-1.7, 2.7), "y": (-1.2, 1.7)}
drawn = {
    "points": moons.test.inputs[:200],
    "labels": moons.test.targets[:200],
    "class_names": ("upper", "lower"),
}
print(f"test accuracy {logistic.evaluate()['accuracy']:.1%}")
dl.plots.decision_regions(dl.inspect.decision_grid(logistic, **square), **drawn)

# %% [markdown]
# The logistic function is one of many activations (A6). Where one is flat, hardly any error passes back through it
# (shaded); where its slope is exactly 0, none at all (hatched).

# %%
dl.plots.activations(["step", "logistic", "tanh", "relu"])

# %% [markdown]
# ## One layer more
#
# With hidden units between input and output, weights are learned by back-propagation, which is the
# [next notebook](repo:colab/02_backpropagation.ipynb). The net of `mlp_xor` has eight hidden tanh units (C1):
#
# $$a = \tanh(W_1 x + b_1), \qquad P(y = 1) = \sigma(W_2 a + b_2)$$

# %%
from experiments import mlp_xor

options = mlp_xor.Options()
solved = dl.fit(mlp_xor.build(options, xor.spec), xor, options)
print(f"accuracy {solved.evaluate()['accuracy']:.0%}")

# %%
dl.plots.decision_regions(
    dl.inspect.decision_grid(solved, **plane),
    points=xor.train.inputs,
    labels=xor.train.targets,
    class_names=("0", "1"),
)

# %% [markdown]
# How does it do that? The hidden layer bends the plane (D11). Below are the corners and the grid around them, first as
# they are, then as the output unit sees them: after the hidden layer, drawn along the two directions in which it is
# widest. There a straight line tells the classes apart.

# %%
dl.plots.space_transformation(
    dl.inspect.plane_by_layer(solved, xor.train.inputs, activation=jnp.tanh),
    xor.train.targets,
    separability=dl.inspect.separability(solved, xor, activation=jnp.tanh),
    class_names=("0", "1"),
)

# %% [markdown]
# ## Many classes: softmax
#
# For K classes there are K sums $a_k$, and softmax (A5) makes probabilities of them:
#
# $$y_k = \frac{e^{a_k}}{\sum_i e^{a_i}}$$
#
# One such layer on raw pixels is softmax regression, the experiment `softmax_mnist`. With `REAL_DATA` it learns from
# MNIST's 60,000 digits, otherwise from 1,437 small ones of scikit-learn.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
from experiments import softmax_mnist

options = softmax_mnist.Options(dataset="mnist" if REAL_DATA else "digits", validation=0.1)
digits = dl.load_data(options.dataset, validation=options.validation)
softmax = dl.fit(softmax_mnist.build(options, digits.spec), digits, options)
print(f"test accuracy {softmax.evaluate()['accuracy']:.1%}")

# %% [markdown]
# Each of the ten units has a weight for every pixel, so that it can be drawn as a picture. White speaks for the digit,
# black against it, grey does not matter. Do you recognise the digits?

# %%
kernel = np.asarray(softmax.params["output"]["kernel"])
dl.plots.filters(kernel.reshape(28, 28, 1, 10), name="weights of the digits 0 to 9")

# %% [markdown]
# ### Exercise 3: softmax without overflow
#
# $e^{1000}$ is too large for any computer, and yet the softmax of (1000, 1001) is a plain pair of probabilities. Write
# a softmax that finds it. (What happens to $y$ if you subtract the same number from all $a$?)


# %%
def my_softmax(a):
    return np.exp(a) / np.exp(a).sum()  # mend this


with np.errstate(over="ignore", invalid="ignore"):
    print(my_softmax(np.array([1000.0, 1001.0])))

# %% [markdown]
# ### Solution


# %%
def stable_softmax(a):
    # Numerator and denominator are divided by the same e^max: nothing changes, and no power is above 1.
    powers = np.exp(a - a.max())
    return powers / powers.sum()


print(stable_softmax(np.array([1000.0, 1001.0])))
assert np.allclose(stable_softmax(np.array([1000.0, 1001.0])), [0.26894142, 0.73105858])
assert np.allclose(stable_softmax(np.array([0.0, 1.0])), jax.nn.softmax(jnp.array([0.0, 1.0])))
# Of two classes it is the logistic neuron: y = σ(a2 − a1).
assert np.isclose(stable_softmax(np.array([0.0, 1.0]))[1], 1 / (1 + np.exp(-1.0)))
