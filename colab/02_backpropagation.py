# %% [markdown]
# # Back-propagation, by hand and by JAX
#
# How does a net know which of its thousands of weights to change? You follow one error back through a net, number by
# number, compare it with what `jax.grad` says, catch a wrong derivative, train a net with nothing but these equations,
# and see why deep nets once did not learn. It is parts B and C of the lectures.
#
# You need the [neurons](repo:colab/01_neurons_and_xor.ipynb) and the chain rule.

# %% [markdown]
# ## How wrong is an answer?
#
# Training makes a number small, the **loss**. For outputs $y$ and targets $t$ the lectures use two (B1):
#
# $$E = \tfrac12 \sum_k (y_k - t_k)^2, \qquad E = -\sum_k t_k \log y_k$$
#
# Here is the lecture's example: ten classes, the third is right, and the net gives it 0.6.

# %%
import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.lessons import backprop

y = jnp.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
t = jax.nn.one_hot(2, 10)
print(f"half the squared error {0.5 * jnp.sum((y - t) ** 2):.4f}")
print(f"cross-entropy          {-jnp.sum(t * jnp.log(jnp.where(t > 0, y, 1))):.4f}")

# %% [markdown]
# ## Forward
#
# Layer $l$ takes the outputs of the layer before and computes (C1)
#
# $$Z^l = W^l A^{l-1} + b^l, \qquad A^l = f(Z^l)$$
#
# for m examples at once, one in each column. The running example has 3 inputs, 4 hidden units and 1 output. (The slide
# prints other shapes for the biases; a bias is one number for each unit.)

# %%
backprop.running_example_shapes(examples=5)

# %% [markdown]
# ## Backward
#
# A hidden unit has no target of its own. Back-propagation gives it a share of the errors that it led to. With
# $\delta^l = \partial J / \partial Z^l$ (C2):
#
# $$\delta^L = a^L - y \;\text{ (softmax or logistic with cross-entropy)}, \qquad
# \delta^l = f'(Z^l) \odot (W^{l+1\,T} \delta^{l+1})$$
#
# $$dW^l = \tfrac1m\, \delta^l A^{l-1\,T}, \qquad db^l = \tfrac1m \sum_{\text{examples}} \delta^l$$
#
# One pass forward and one back, with all its numbers:

# %%
weights = backprop.running_example(seed=0)
X = jax.random.normal(jax.random.key(1), (3, 2))
Y = jnp.array([[1.0, 0.0]])
activations = ("tanh", "logistic")
passed = backprop.backpropagate(weights, X, Y, activations=activations, loss="cross_entropy")
print(passed)

# %% [markdown]
# JAX differentiates programs by the same rule. It only needs the way forward:


# %%
def loss(weights):
    Z = backprop.forward(weights, X, activations=activations).Z[-1]
    return backprop.losses(Z, Y, output="logistic", loss="cross_entropy").mean()


by_jax = jax.grad(loss)(weights)
for number, (hand, machine) in enumerate(zip(passed.gradients, by_jax, strict=True), start=1):
    print(f"layer {number}: largest difference of dW {jnp.abs(hand.W - machine.W).max():.1e}")

# %% [markdown]
# ### Exercise 1: the step back
#
# Write the step through one hidden layer, without `dl`: from $\delta^{l+1}$, $W^{l+1}$, $A^l$ and $A^{l-1}$ to $dW^l$.
# For tanh, $f'(z) = 1 - \tanh^2 z = 1 - a^2$.


# %%
def step_back(delta_next, W_next, A, A_prev):
    """dW of a tanh layer with outputs A [n, m] and inputs A_prev [k, m]."""
    return jnp.zeros((len(A), len(A_prev)))  # change this


hidden, output = passed.layers
print(jnp.abs(step_back(output.delta, weights[1].W, hidden.A, X) - hidden.dW).max(), "should be 0")

# %% [markdown]
# ### Solution


# %%
def step_back_solved(delta_next, W_next, A, A_prev):
    delta = (1 - A**2) * (W_next.T @ delta_next)
    return delta @ A_prev.T / A.shape[1]


difference = jnp.abs(step_back_solved(output.delta, weights[1].W, hidden.A, X) - hidden.dW).max()
print(f"{difference:.1e}")
assert difference < 1e-6

# %% [markdown]
# ## The same numbers in another convention
#
# The lecture's drawing of a 2 → 3 → 2 → 1 net (C3) calls the error *before* the derivative δ, measures it as target −
# output, and adds: $w' = w + \eta\,\delta f'(e)\,y$. Equation (C2) has $f'$ inside δ and subtracts. Say which one you
# print; the new weights are the same:

# %%
net = backprop.worked_example()
x, target = jnp.array([[1.0], [0.5]]), jnp.array([[1.0]])
functions = ("tanh", "tanh", "logistic")

one = backprop.backpropagate(net, x, target, activations=functions)
subtracted = backprop.descend(net, one.gradients, rate=0.5)

forward = backprop.forward(net, x, activations=functions)
errors = backprop.errors_before_derivative(net, forward, target, activations=functions)
added = backprop.ascend(net, forward, errors, activations=functions, rate=0.5)

print("δ of C2 at the output", one.layers[-1].delta, " δ of C3", errors[-1])
same = jax.tree.map(lambda a, b: bool(jnp.allclose(a, b, atol=1e-6)), subtracted, added)
print("the same new weights:", all(jax.tree.leaves(same)))

# %% [markdown]
# ## Is my derivative right?
#
# Everybody gets one wrong sometimes, and the net then learns badly instead of not at all. Finite differences find it:
# move each weight by a tiny $h$ to both sides and compare $\frac{J(w + h) - J(w - h)}{2h}$ with the gradient.

# %%
print(
    f"relative error of the right gradient {backprop.check_gradient(loss, weights, by_jax).relative_error:.0e}"
)

# %% [markdown]
# ### Exercise 2: a mistake that hides
#
# Forget $f'$ in the hidden layer, and see whether the check notices. Guess first: by how much is the gradient wrong?

# %%
delta_without_slope = weights[1].W.T @ output.delta
wrong = by_jax  # replace dW and db of the hidden layer by those of delta_without_slope

# %% [markdown]
# ### Solution

# %%
hidden_gradient = backprop.Weights(
    delta_without_slope @ X.T / X.shape[1], delta_without_slope.mean(axis=1, keepdims=True)
)
check = backprop.check_gradient(loss, weights, (hidden_gradient, by_jax[1]))
print(f"relative error {check.relative_error:.2f}, largest {check.largest:.2f}")
assert check.relative_error > 1e-2
# All slopes of tanh are positive, so the wrong step goes downhill here too: that is why it hides.
inner = sum(jnp.vdot(a, b) for a, b in zip(hidden_gradient, by_jax[0], strict=True))
assert inner > 0

# %% [markdown]
# ## Train with these equations alone
#
# Draw a batch, compute the gradient, move the weights a little against it, repeat (C8). Here the batch is the whole
# table of XOR, the net has 2, 4 and 1 units, and no library differentiates anything.

# %%
corners = jnp.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
truth = jnp.array([[0.0, 1.0, 1.0, 0.0]])


@jax.jit
def step(net):
    passed = backprop.backpropagate(
        net, corners, truth, activations=activations, loss="cross_entropy"
    )
    return backprop.descend(net, passed.gradients, rate=1.0), passed.J


net = backprop.draw_weights(jax.random.key(3), (2, 4, 1))
history = []
for number in range(501):
    net, J = step(net)
    if number % 10 == 0:
        history.append(dl.Record(number, float(number), "train", {"loss": float(J)}))
    if number % 100 == 0:
        print(f"step {number:3}: loss {J:.4f}")
answers = backprop.forward(net, corners, activations=activations).A[-1]
print("answers", np.round(np.asarray(answers), 2))

# %%
dl.plots.curves(history)

# %% [markdown]
# The first loss is near $\ln 2 \approx 0.693$, that of a coin. In general an untrained net of K balanced classes starts
# near $\ln K$ (B4), which is worth a look before any long training: $\ln 10 \approx 2.303$ for digits.
#
# The experiment `mlp_mnist` is the same with more units and Adam in the place of plain descent. With `REAL_DATA` it
# learns from MNIST's 60,000 digits, otherwise from 1,437 of scikit-learn.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
from experiments import mlp_mnist

options = mlp_mnist.Options(dataset="mnist" if REAL_DATA else "digits", epochs=10, hidden_size=128)
digits = dl.load_data(options.dataset, validation=options.validation)
recipe = mlp_mnist.build(options, digits.spec)
trained = dl.fit(recipe, digits, options)
print(f"test accuracy {trained.evaluate()['accuracy']:.1%}")

# %% [markdown]
# ## Why deep nets did not learn
#
# Going back through a layer multiplies the error by $f'$ and by $W^T$. The logistic function's slope is at most ¼, so
# that after many layers little is left: the gradient **vanishes** (C7). Below, nets of 20 layers of 100 units, each
# with the first weights that were made for its activation.

# %%
from dl.lessons import initialisation, vanishing

keys = jax.random.split(jax.random.key(0), 3)
inputs, output_errors = (jax.random.normal(key, (100, 100)) for key in keys[:2])
norms = {}
for name, (function, start) in vanishing.NETS.items():
    drawn = initialisation.draw_weights(keys[2], start, depth=20)
    norms[name] = dl.lessons.gradient_norms(drawn, inputs, function, output_errors).errors
dl.plots.gradients_by_layer(norms)

# %% [markdown]
# ### Exercise 3: how small is vanished?
#
# By how much does one logistic layer shrink the error at least, if its weights do not enlarge it? What is left after
# ten layers, at best? Then look at what the table measures for each layer.

# %%
at_best_after_ten = 1.0  # your answer
table = dl.lessons.compare_depths((2, 20))
table

# %% [markdown]
# ### Solution

# %%
# σ'(z) = σ(z) (1 − σ(z)) is largest at z = 0, where both factors are ½.
slopes = jax.vmap(jax.grad(jax.nn.sigmoid))(jnp.linspace(-6, 6, 1201))
assert jnp.isclose(slopes.max(), 0.25, atol=1e-6)
print(f"after ten layers at best {0.25**10:.1e}")
factors = {row[0]: row[3] for row in table.rows if row[1] == 20}
print({name: round(factor, 2) for name, factor in factors.items()})
assert factors["logistic"] < 0.25 < factors["relu"]
