# %% [markdown]
# # Recurrent nets, and why they need gates
#
# A recurrent net reads one input after the other and keeps a state. You unfold one over time, watch its gradient vanish
# and explode, look into the cells of an LSTM and a GRU, let two nets compete at remembering, and see gates open and
# close over a text. It is part G of the lectures.
#
# You need [back-propagation](repo:colab/02_backpropagation.ipynb).

# %% [markdown]
# ## A net with a cycle
#
# The state is computed from the input and from the state before (G1):
#
# $$h_t = f(W_x\, x_t + W_h\, h_{t-1} + b)$$
#
# Unfolded over time, that is a deep feed-forward net with one layer for each step. All layers share their weights, so
# that sequences of any length can be read. Here is one unit with $W_x = 1$, $W_h = ½$ and tanh, step by step.
# (The drawing writes W and U for the two weights.)

# %%
import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.layers import cells, init_layer

one_unit = {"input": jnp.ones((1, 1)), "recurrent": jnp.full((1, 1), 0.5)}
xs = [1.0, 0.0, 0.0, -1.0]
states = [jnp.zeros((1, 1))]
for x in xs:
    h, _ = cells.rnn_cell(one_unit, states[-1], jnp.array([[x]]))
    states.append(h)
print("h =", *(f"{h.item():.3f}" for h in states))

# %%
dl.plots.unfolded_rnn(4, inputs=xs, states=[h.item() for h in states])

# %% [markdown]
# The 1 of the first step fades away, although nobody said that it should be forgotten.
#
# ## Back through time
#
# Back-propagation through the unfolded net is back-propagation through time. The weights are the same at every step, so
# their gradient is a sum over steps, and each step back multiplies by one more factor (G2):
#
# $$\frac{\partial L}{\partial W} = \sum_i \sum_{k \le i} \frac{\partial L_i}{\partial h_i}
# \Big(\prod_{j=k+1}^{i} \frac{\partial h_j}{\partial h_{j-1}}\Big) \frac{\partial h_k}{\partial W}$$
#
# If the factors are smaller than 1 the product vanishes, and the net cannot learn what happened long ago. If they are
# larger it explodes. A layer of 64 units reads 60 steps of faint noise, with recurrent weights of three sizes ‖W_h‖:

# %%
noise = 0.1 * jax.random.normal(jax.random.key(0), (60, 16, 8))
fresh = init_layer("rnn", jax.random.key(1), input_size=8, hidden_size=64)
norms = {
    f"norm {size}": dl.inspect.gradient_norms(
        "rnn", dl.inspect.scaled_to("rnn", fresh, norm=size), noise
    ).state
    for size in (0.8, 1.0, 1.5)
}
dl.plots.gradient_reach(norms)

# %% [markdown]
# Against the explosion there is a simple remedy: a gradient that is too long is shortened to a length c and keeps its
# direction, $g \leftarrow g \min(1, c / \|g\|)$. Against vanishing there is none, for you cannot scale up what is lost in
# the sum over steps.
#
# On long texts the unfolded net would become too deep. *Truncated* back-propagation cuts the text into segments: the
# state goes on from one to the next, the gradient does not.

# %% [markdown]
# ### Exercise 1: how far back?
#
# Take one unit near $h = 0$, where the slope of tanh is 1, so that each step multiplies the gradient by $w$. Which $w$
# leaves a hundredth of the gradient after 50 steps? Work it out, then measure it.

# %%
w = 0.5  # change this


def norm_after_50(w):
    """The gradient by the state 50 steps before, of a unit that reads zeros."""
    params = {"input": jnp.zeros((1, 1)), "recurrent": jnp.full((1, 1), w)}
    return dl.inspect.gradient_norms("rnn", params, jnp.zeros((51, 1, 1))).state[50].item()


print(f"{norm_after_50(w):.2e}, should be 1.00e-02")

# %% [markdown]
# ### Solution

# %%
found_w = 0.01 ** (1 / 50)  # w^50 = 0.01
print(f"w = {found_w:.4f}: {norm_after_50(found_w):.2e}")
assert np.isclose(norm_after_50(found_w), 0.01, rtol=1e-3)
# A tenth more makes it explode:
assert norm_after_50(1.1) > 100

# %% [markdown]
# ## LSTM: a cell that can keep
#
# The long short-term memory (Hochreiter and Schmidhuber 1997, G3) has a second state, the cell $C$. It is not multiplied
# by weights on its way through time, but by a forget gate $f$ which the net itself opens and closes:
#
# $$f = \sigma(W_f [h, x] + b_f), \quad i = \sigma(W_i [h, x] + b_i), \quad o = \sigma(W_o [h, x] + b_o)$$
#
# $$\tilde C = \tanh(W_C [h, x] + b_C), \qquad C = f \ast C_{\text{prev}} + i \ast \tilde C, \qquad h = o \ast \tanh(C)$$
#
# With $f = 1$ and $i = 0$ the cell stays as it is for ever, and so does the gradient by it: $\partial C / \partial
# C_{\text{prev}} = f$.
#
# ## GRU: the same idea with one state
#
# The gated recurrent unit (Cho et al. 2014, G4), in the form of the slides (Chung et al. 2014):
#
# $$z = \sigma(W_z [h, x]), \quad r = \sigma(W_r [h, x]), \quad \tilde h = \tanh(W [r \ast h, x]), \quad
# h = (1 - z) \ast h_{\text{prev}} + z \ast \tilde h$$
#
# $z$ weighs the *new* state, and the reset comes *before* the product; many libraries do both the other way round. A
# new GRU at its fifth step of noise, with the numbers of one unit:

# %%
gru = init_layer("gru", jax.random.key(2), input_size=8, hidden_size=4)
dl.plots.cell_diagram(dl.inspect.cell_step("gru", gru, 10 * noise[:5]))

# %% [markdown]
# How far do the gradients of new layers reach? As they begin, LSTM and GRU forget as fast as the RNN: their gates are
# neither open nor shut. A bias that opens the forget gate of the LSTM changes that.

# %%
wide = 10 * noise
reach = {
    kind.upper(): norms
    for kind, norms in dl.inspect.initial_gradient_norms(
        jax.random.key(1), wide, hidden_size=32
    ).items()
}
open_gate = dl.inspect.initial_gradient_norms(
    jax.random.key(1), wide, hidden_size=32, kinds=["lstm"], forget_bias=4.0
)
dl.plots.gradient_reach(reach | {"LSTM, forget bias 4": open_gate["lstm"]})

# %% [markdown]
# ### Exercise 2: a bias for a hundred steps
#
# A cell that is 1 at the beginning shall still be more than ½ after 100 steps in which nothing is written. How large
# must the bias $b_f$ of the forget gate be, if $f = \sigma(b_f)$?

# %%
forget_bias = 1.0  # change this


def cell_after_100(forget_bias):
    bias = jnp.array([-99.0, forget_bias, 0.0, 0.0])  # of i, which is shut, f, C̃ and o
    params = {"input": jnp.zeros((1, 4)), "recurrent": jnp.zeros((1, 4)), "bias": bias}
    begin = jnp.ones((1, 1)), jnp.zeros((1, 1))
    found = dl.inspect.gate_activations("lstm", params, jnp.zeros((100, 1, 1)), carry=begin)
    return found["cell"][-1].item()


print(f"the cell after 100 steps: {cell_after_100(forget_bias):.3f}")

# %% [markdown]
# ### Solution

# %%
# f^100 > 1/2 needs f > 0.5^0.01, and σ(b) = f is b = ln(f / (1 - f)).
f = 0.5**0.01
least = np.log(f / (1 - f))
print(f"f > {f:.4f}, so b > {least:.2f}: the cell is {cell_after_100(least):.3f}")
assert np.isclose(cell_after_100(least), 0.5, atol=1e-3)
assert cell_after_100(least + 0.1) > 0.5 > cell_after_100(least - 0.1)

# %% [markdown]
# ## The adding problem
#
# A test of memory (Hochreiter and Schmidhuber 1997): a sequence of random numbers, two of which are marked. The answer
# is the sum of the marked ones. Who always says 1 has a mean squared error of 1/6 ≈ 0.167. The nets have 32 units and
# read 50 steps. `REAL_DATA` makes it the 200 and 400 steps of the experiments, with 128 units: allow half an hour on a
# CPU.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
from experiments import lstm_adding, rnn_adding

small = {
    "dataset": "adding:50",
    "epochs": 3,
    "hidden_size": 32,
    "batch_size": 50,
    "learning_rate": 0.01,
    "log_every": 20,
}
nets = {}
for name, experiment in {"RNN": rnn_adding, "LSTM": lstm_adding}.items():
    options = experiment.Options() if REAL_DATA else experiment.Options(**small)
    data = dl.load_data(options.dataset)
    nets[name] = dl.fit(experiment.build(options, data.spec), data, options, progress=False)
    print(f"{name:4} test error {nets[name].evaluate()['mse']:.4f}")

# %%
dl.plots.curves({name: net.history for name, net in nets.items()}, metrics=["mse"])

# %% [markdown]
# The experiment opens the forget gates of the LSTM at the beginning, for up to as many steps as the sequence has. So it
# can learn from the first step on what it should write into its cells. How far do both reach now? Thin lines are new
# nets, thick ones trained.

# %%
spec = data.spec
inputs = jnp.swapaxes(dl.normalize(data.test.inputs[:32], spec), 0, 1)  # [T, B, 2]
before, after = {}, {}
for name, net in nets.items():
    begun, _ = net.recipe.model.init(jax.random.key(0), jnp.zeros((1, *spec.input_shape)))
    for found, params in ((before, begun), (after, net.params)):
        layer = params["recurrent"]["layer_0"]
        found[name] = dl.inspect.gradient_norms(name.lower(), layer, inputs).state
dl.plots.gradient_reach(after, initial=before)

# %% [markdown]
# And what does a cell do when a marked number comes? Below is the unit of the trained LSTM whose cell changes most at
# the first marked step of a test sequence. Look at $i$, and at how much of the old cell is kept.

# %%
layer = nets["LSTM"].params["recurrent"]["layer_0"]
marked = int(np.argmax(data.test.inputs[0, :, 1]))
cell = np.asarray(dl.inspect.gate_activations("lstm", layer, inputs)["cell"])[:, 0]
unit = int(np.argmax(np.abs(cell[marked] - cell[marked - 1])))
print(f"the number {data.test.inputs[0, marked, 0]:.2f} is marked, at step {marked}")
dl.plots.cell_diagram(
    dl.inspect.cell_step("lstm", layer, inputs, step=marked, unit=unit), symbol="(marked)"
)

# %% [markdown]
# The next step, which is not marked:

# %%
dl.plots.cell_diagram(dl.inspect.cell_step("lstm", layer, inputs, step=marked + 1, unit=unit))

# %% [markdown]
# ## Gates over a text
#
# The lectures draw the gates one by one (G5). Here a small LSTM learns to predict the next character of a text with
# brackets: inside of them it can be sure that one will close, outside that one will open. So it has to remember where it
# is.

# %%
from pathlib import Path

from experiments import lstm_shakespeare

generator = np.random.default_rng(0)


def words():
    lengths = generator.integers(1, 4, generator.integers(1, 4))
    return " ".join("".join(generator.choice(list("abcd"), length)) for length in lengths)


text = "".join(f"{words()} ({words()}) " for _ in range(2500))
Path("brackets.txt").write_text(text)
print(text[:70])

# %%
options = lstm_shakespeare.Options(
    dataset="text:brackets.txt",
    epochs=10,
    batch_size=16,
    hidden_size=8,
    dropout=0.0,
    learning_rate=0.02,
    warm_up=10,
)
brackets = dl.load_data(options.dataset, reading=options.reading)
reader = dl.fit(lstm_shakespeare.build(options, brackets.spec), brackets, options, progress=False)
print("it writes:", "".join(dl.generate(reader, "a", length=60)))

# %% [markdown]
# In the picture yellow gates are open and dark ones shut. Is there a forget gate that shuts at every bracket? And a row
# of "hidden" that looks different inside of brackets and outside?

# %%
sentence = "ab cd (da bc) a bbb (c da a) cc (d) ab aa (bb cd)"
(gates,) = dl.inspect.text_gates(reader, sentence)
dl.plots.gates(gates)

# %% [markdown]
# ### Exercise 3: who remembers the bracket?
#
# Find the unit whose hidden state goes most with being inside of brackets, by the correlation of the two.

# %%
inside = np.cumsum([(symbol == "(") - (symbol == ")") for symbol in sentence])
print("".join(map(str, inside)))
values = gates.activations["hidden"]  # [characters, units]
unit = 1  # change this
print(f"unit {unit}: correlation {np.corrcoef(values[:, unit], inside)[0, 1]:.2f}")

# %% [markdown]
# ### Solution

# %%
correlations = [np.corrcoef(values[:, unit], inside)[0, 1] for unit in range(values.shape[1])]
best = int(np.argmax(np.abs(correlations)))
print(f"unit {best}: correlation {correlations[best]:.2f}")
assert abs(correlations[best]) > 0.7
# It holds on a sentence that it has not been chosen on:
other = "c (a bb) da cd (ab a dd) b (c) aa"
(again,) = dl.inspect.text_gates(reader, other)
inside_other = np.cumsum([(symbol == "(") - (symbol == ")") for symbol in other])
repeated = np.corrcoef(again.activations["hidden"][:, best], inside_other)[0, 1]
print(f"on another sentence: {repeated:.2f}")
assert repeated * np.sign(correlations[best]) > 0.6

# %% [markdown]
# ## Where to go next
#
# - `dl.models.sequence_model("lstm", ..., bidirectional=True)` reads a sequence in both directions, for tasks where the
#   end is known before an answer is due. `lstm_mnist_rows` reads digits row by row.
# - [How far back a net remembers](repo:docs/horizon.md) has more about gradients over time, and the verb `horizon`
#   shows them for a run.
# - Next: [nets that write](repo:colab/08_text_and_programs.ipynb), texts and programs.
