# %% [markdown]
# # Auto-encoders and belief nets
#
# Nets that learn without labels. You squeeze digits through three numbers and meet principal components again, let a net
# with many units find parts of digits, teach another to remove noise, train a Boltzmann machine and see what it draws,
# and begin a classifier from what such machines learned. It is part F of the lectures.
#
# You need [back-propagation](repo:colab/02_backpropagation.ipynb) and an idea of what a variance is.

# %% [markdown]
# ## The target is the input
#
# An auto-encoder is trained to give back its input (F1). An encoder makes a **code** of it, a decoder makes the input
# again:
#
# $$h = f(W x + b), \qquad y = g(V h + c), \qquad L = \sum_i (y_i - x_i)^2$$
#
# A perfect copy is not the aim: the code is. It has to say what matters about a picture, and no label tells it what that
# is. With `REAL_DATA` the nets learn from MNIST's 60,000 digits, for which you should allow an hour on a CPU. Otherwise
# they learn from 1,437 digits of scikit-learn, which were enlarged from 8 × 8 pixels.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
import jax
import jax.numpy as jnp
import numpy as np

import dl

data = dl.load_data("mnist" if REAL_DATA else "digits")
spec = data.spec
digits = data.test.inputs[:10]


def settings(**of_digits):
    """Options for the small set; for MNIST those that the experiment has by itself."""
    return {"dataset": "mnist"} if REAL_DATA else {"dataset": "digits", **of_digits}


def pictures_of(outputs):
    """Outputs of a net as pictures from 0, black, to 1, white."""
    return np.asarray(outputs) * spec.std + spec.mean


# %% [markdown]
# ## Fewer units than inputs: compression
#
# First without any activation: $h = W x + b$, $y = W^T h + c$. Of all linear codes with F numbers, the first F principal
# components have the least squared error. So gradient descent, which knows nothing of eigenvectors, has to end in the
# same subspace (F2).

# %%
from experiments import autoencoder_linear_mnist

options = autoencoder_linear_mnist.Options(
    **settings(epochs=60, batch_size=50, learning_rate=0.03), code_size=3
)
linear = dl.fit(autoencoder_linear_mnist.build(options, spec), data, options, progress=False)
beside = dl.inspect.compare_with_pca(linear.autoencoder, linear.params, data, code_size=3)
print(f"its training error is {beside['train_excess_percent']:.2f} % above that of PCA")
print(f"angle between its subspace and that of PCA: {beside['largest_angle']:.1f} degrees")

# %% [markdown]
# What three numbers keep of 784 pixels:

# %%
dl.plots.reconstructions(
    pictures_of(dl.normalize(digits, spec)), pictures_of(linear.outputs(digits))
)

# %% [markdown]
# ### Exercise 1: how many numbers does a linear code need?
#
# The error of PCA is the variance in the directions that it leaves out: the sum of the other eigenvalues of the
# covariance. How many numbers must a linear code have to keep 90 % of the variance of the training digits?

# %%
pixels = np.asarray(data.train.inputs, np.float64).reshape(len(data.train), -1)
size = 3  # change this
print(f"a code of {size} numbers")

# %% [markdown]
# ### Solution

# %%
eigenvalues = np.linalg.eigvalsh(np.cov(pixels.T))[::-1]  # the largest first
kept = np.cumsum(eigenvalues) / eigenvalues.sum()
needed = int(np.argmax(kept >= 0.9)) + 1
print(f"3 numbers keep {kept[2]:.0%}, {needed} are needed for 90 %")
# The same by projecting the digits on these directions:
centred = pixels - pixels.mean(axis=0)
directions = np.linalg.eigh(np.cov(pixels.T))[1][:, ::-1][:, :needed]
left_out = np.sum((centred - centred @ directions @ directions.T) ** 2) / np.sum(centred**2)
assert 1 - kept[needed - 2] > 0.1 >= left_out
assert np.isclose(left_out, 1 - kept[needed - 1])

# %% [markdown]
# ## The same with hidden layers
#
# A linear code lies in a flat subspace. With hidden layers before and after the code it may be curved. Here are 784
# pixels through two hidden layers into only **two** numbers, and back; PCA with two numbers stands beside it.

# %%
from sklearn.decomposition import PCA

from experiments import autoencoder_mnist

options = autoencoder_mnist.Options(
    **settings(epochs=40, batch_size=32, hidden_size=256), code_size=2
)
deep = dl.fit(autoencoder_mnist.build(options, spec), data, options, progress=False)
train, test = (part.inputs.reshape(len(part), -1) / 255 for part in (data.train, data.test))
pca = PCA(2).fit(train)
error_of_pca = np.mean((pca.inverse_transform(pca.transform(test)) - test) ** 2)
error = dl.inspect.reconstruction_error(deep.autoencoder, deep.params, data.test.inputs, spec)
print(f"squared error of a test pixel: {error['per_pixel']:.4f}, of PCA {error_of_pca:.4f}")

# %% [markdown]
# Each test digit is a point in the plane of its code. Nobody told the net that there are ten kinds of them; the colours
# came afterwards.

# %%
shown = slice(0, 360)
codes = dl.inspect.encode(deep.autoencoder, deep.params, data.test.inputs[shown], spec)
dl.plots.code_space(codes, data.test.targets[shown], class_names=spec.class_names)

# %% [markdown]
# ## More units than needed
#
# A large code could simply copy (F3). Something must keep it from that:
#
# - **sparsity**: a penalty $\lambda \sum_j |h_j|$, so that few units are active at a time,
# - **noise**: the net sees $\tilde x = x + \text{noise}$ and is to give back the clean $x$,
# - **contraction**: a penalty on $\|\partial h / \partial x\|^2$, so that small changes of the input hardly matter.
#
# Three nets with one layer of 196 ReLU units and tied weights: one without any of that, one sparse, one denoising.

# %%
from experiments import autoencoder_denoising_mnist as denoising_experiment
from experiments import autoencoder_sparse_mnist as sparse_experiment

small = settings(epochs=20, batch_size=32, code_size=196)
nets = {
    "plain": (denoising_experiment, denoising_experiment.Options(**small, noise=0.0)),
    "sparse": (sparse_experiment, sparse_experiment.Options(**small)),
    "denoising": (denoising_experiment, denoising_experiment.Options(**small, noise=1.0)),
}
trained = {
    name: dl.fit(experiment.build(options, spec), data, options, progress=False)
    for name, (experiment, options) in nets.items()
}

# %%
noise = dl.objectives.reconstruction.gaussian_noise(1.0)
key = jax.random.key(0)
print("              active units   error, clean   error, noisy")
for name, net in trained.items():
    given = (net.autoencoder, net.params, data.test.inputs, spec)
    active = np.mean(dl.inspect.encode(*given) > 0)
    clean = dl.inspect.reconstruction_error(*given)["per_pixel"]
    denoised = dl.inspect.denoising_error(*given, corrupt=noise, key=key)["denoised"]["per_pixel"]
    print(f"{name:10} {active:14.0%} {clean:14.4f} {denoised:14.4f}")

# %% [markdown]
# The plain net copies best, and it copies noise as well. The denoising one is better at giving back the digit behind the
# noise, and the sparse one describes each digit with few of its units. Here the denoising net cleans digits that it has
# never seen; the row of errors is what it took away.

# %%
noisy = noise(key, dl.normalize(digits, spec))
net = trained["denoising"]
cleaned = dl.inspect.reconstruct(net.autoencoder, net.params, noisy)
dl.plots.reconstructions(pictures_of(noisy), pictures_of(cleaned))

# %% [markdown]
# Each unit has a weight for every pixel. Those of the 40 units of the sparse net that are most active:

# %%
sparse = trained["sparse"]
activity = dl.inspect.encode(sparse.autoencoder, sparse.params, data.test.inputs, spec).mean(axis=0)
busiest = np.argsort(-activity)[:40]
((layer, kernel),) = dl.inspect.dense_filters(sparse).items()
dl.plots.filters(kernel[..., busiest], name="units of the sparse net")

# %% [markdown]
# ### Exercise 2: a perfect copy
#
# Show that a code as large as the input needs no learning: give an auto-encoder with 784 linear units weights by hand
# so that its error is 0. What would a penalty on $\sum_j |h_j|$ say to it?

# %%
copier = dl.models.autoencoder(spec.input_shape, code_size=784)
params, _ = copier.init(jax.random.key(0), jnp.zeros((1, *spec.input_shape)))
print(jax.tree.map(jnp.shape, params))
error = dl.inspect.reconstruction_error(copier, params, digits, spec)["per_pixel"]
print(f"squared error of a pixel {error:.4f}, should be 0")

# %% [markdown]
# ### Solution

# %%
by_hand = {
    name: {"kernel": jnp.eye(784), "bias": jnp.zeros(784)} for name in ("encoder_0", "decoder_0")
}
perfect = dl.inspect.reconstruction_error(copier, by_hand, digits, spec)["per_pixel"]
code = dl.inspect.encode(copier, by_hand, digits, spec)
print(
    f"squared error of a pixel {perfect:.4f}; a mean code has Σ|h| = {np.abs(code).sum(1).mean():.0f}"
)
assert perfect == 0.0
# The code is the picture itself, so it says nothing new: every |x_i| is paid for.
assert np.allclose(code, np.asarray(dl.normalize(digits, spec)).reshape(len(digits), -1))

# %% [markdown]
# ## Boltzmann machines
#
# A restricted Boltzmann machine (F4) has visible units $v$, here the pixels, and hidden units $h$, each 0 or 1. An
# energy says how well two patterns go together, and low energy means high probability:
#
# $$E(v, h) = -b \cdot v - c \cdot h - v\,W h, \qquad p(v, h) = \frac{e^{-E(v, h)}}{Z}$$
#
# Units of one kind are not connected, so that given the others they are independent:
#
# $$P(h_j = 1 \mid v) = \sigma(c_j + (v W)_j), \qquad P(v_i = 1 \mid h) = \sigma(b_i + (W h)_i)$$
#
# To raise the probability of the data one would have to know what the machine believes without them. Contrastive
# divergence (Hinton 2002) takes the next best thing, one step of the Markov chain away from the data:
#
# $$\Delta W = \alpha\,(\langle v\,h \rangle_{\text{data}} - \langle v\,h \rangle_{\text{reconstruction}})$$

# %%
from experiments import rbm_mnist

options = rbm_mnist.Options(
    **settings(epochs=40, batch_size=50, learning_rate=0.1, hidden_size=100), validation=0.0
)
machine = dl.fit(rbm_mnist.build(options, spec), data, options, progress=False)
found = machine.evaluate()
print(f"squared error of a test pixel: {found['squared_error'] / 784:.4f}")

# %%
((layer, kernel),) = dl.inspect.dense_filters(machine).items()
dl.plots.filters(kernel[..., :40], name="hidden units")

# %% [markdown]
# The machine can also be asked what it believes: draw $h$ given $v$, then $v$ given $h$, and so on (Gibbs sampling).
# Twenty steps away from sixteen digits it still draws digits, though often others than it began with:

# %%
begin = data.test.inputs[:16]
dl.plots.fantasies(dl.inspect.fantasies(machine, jax.random.key(0), start=begin, steps=20))

# %% [markdown]
# Contrastive divergence never looks further than one step from the data, so nothing keeps a long chain where the digits
# are. With the option `persistent` of `rbm_mnist` chains go on from one step of training to the next (Tieleman 2008); on
# MNIST a thousand steps from random bits then end mostly at digits ([results](repo:docs/results.md)).

# %% [markdown]
# ### Exercise 3: one step by hand
#
# Take one visible and one hidden unit with $w = 2$, $c = 1$, $b = 0$, and the data $v = 1$. How much does contrastive
# divergence with $\alpha = 1$ change $w$? Let the drawn $h$ be 1, take $v' = P(v = 1 \mid h)$, and for $h$ and $h'$ their
# probabilities.


# %%
def sigma(a):
    return 1 / (1 + np.exp(-a))


w, c, b, v = 2.0, 1.0, 0.0, 1.0
change = 0.0  # change this
print(f"Δw = {change:.4f}")

# %% [markdown]
# ### Solution

# %%
h = sigma(c + v * w)  # of the data
v_next = sigma(b + w * 1)  # the drawn h is 1
h_next = sigma(c + v_next * w)
solution = v * h - v_next * h_next
print(f"⟨v h⟩ = {v * h:.4f}, then {v_next * h_next:.4f}: Δw = {solution:.4f}")
assert round(solution, 4) == 0.1241
# The library has the same conditionals:
tiny = {"kernel": jnp.array([[w]]), "bias": jnp.array([c]), "visible_bias": jnp.array([b])}
assert np.isclose(dl.layers.hidden_mean(tiny, jnp.array([[v]])).item(), h)
assert np.isclose(dl.layers.visible_mean(tiny, jnp.ones((1, 1))).item(), v_next)

# %% [markdown]
# ## A stack of them
#
# What the hidden units of one machine do can be the data of another one: a deep belief net (Hinton, Osindero and Teh
# 2006, F4). Its layers are trained one after the other, each for its share of the epochs, without labels.

# %%
from experiments import dbn_mnist

options = dbn_mnist.Options(
    **settings(epochs=40, batch_size=50, learning_rate=0.1, layers="200-200")
)
stack = dl.fit(dbn_mnist.build(options, spec), data, options, progress=False)
dl.plots.fantasies(dl.inspect.fantasies(stack, jax.random.key(1), start=begin, steps=20))

# %% [markdown]
# What is that good for? Labels are dear, pictures are not. A classifier with the same layers begins from the stack's
# weights, only its output layer is new; then back-propagation trains all of it on **50** labelled digits. Beside it the
# same net begins from random weights.

# %%
from dl.data.dataset import limit
from experiments import dbn_classifier_mnist

options = dbn_classifier_mnist.Options(**settings(layers="200-200"), epochs=100, batch_size=25)
few = limit(data, train=50)
recipe = dbn_classifier_mnist.build(options, few.spec)
fresh, state = jax.jit(recipe.model.init)(jax.random.key(0), jnp.zeros((1, *spec.input_shape)))
learned = {
    name: {"kernel": machine["kernel"], "bias": machine["bias"]}
    for name, machine in stack.params.items()
}
starts = {"random weights": fresh, "the belief net": {**fresh, **learned}}
for name, params in starts.items():
    classifier = dl.fit(recipe, few, options, init=(params, state), progress=False)
    print(f"from {name:14}: test accuracy {classifier.evaluate()['accuracy']:.1%}")

# %% [markdown]
# In 2006 that made deep nets trainable at all. Better activations and initial weights
# ([notebook 3](repo:colab/03_training_and_regularisation.ipynb)) did away with the need for it, where there are labels
# enough. Learning from unlabelled data first is how today's language models begin.
#
# ## Where to go next
#
# - `autoencoder_conv_fashion_mnist` encodes clothes with convolutions, `autoencoder_deep_mnist` goes from a deep belief
#   net to a deep auto-encoder (Hinton and Salakhutdinov 2006).
# - [Results](repo:docs/results.md) has the figures on MNIST.
# - Next: [recurrent nets](repo:colab/07_recurrent_and_lstm.ipynb), which read one input after the other.
