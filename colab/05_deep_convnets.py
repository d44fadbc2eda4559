# %% [markdown]
# # Deep convolutional nets
#
# From LeNet's two convolutions to the 152 layers of ResNet (E9-E15): what the famous nets are made of, where their
# millions of weights are, why plain nets cannot simply be made deeper and what skips do about it, how a net that was
# trained on one task helps with another, and when none of this is worth it (H8).
#
# You should know what convolution, pooling and a receptive field are (`04_convolution_and_lenet`).

# %%
import jax
import jax.numpy as jnp
import numpy as np

import dl

# %% [markdown]
# ## Where the weights are
#
# Nothing has to be trained, nor even computed, to count a net's weights: `dl.summarize` traces its computation. The
# lectures' line of nets, for the pictures that they were made for (E8-E13):

# %%
nets = {
    "LeNet-5, 1998": (dl.models.lenet5(variant="1998"), (32, 32, 1)),
    "LeNet of the lectures": (dl.models.lenet(), (28, 28, 1)),
    "AlexNet, 2012": (dl.models.alexnet(), (227, 227, 3)),
    "Network in Network, 2013": (dl.models.nin(), (224, 224, 3)),
    "VGG-16, 2014": (dl.models.vgg(16), (224, 224, 3)),
    "GoogLeNet, 2014": (dl.models.googlenet(), (224, 224, 3)),
    "ResNet-50, 2015": (dl.models.resnet(50), (224, 224, 3)),
    "ResNet-152, 2015": (dl.models.resnet(152), (224, 224, 3)),
}
print(f"{'':<25}{'parameters':>12}{'million multiply-adds':>24}")
for name, (model, shape) in nets.items():
    summary = dl.summarize(model, shape)
    print(f"{name:<25}{summary.parameters:>12,}{summary.macs / 1e6:>24,.1f}")

# %% [markdown]
# VGG-16 has about twenty times the weights of GoogLeNet, which did better in the same competition: the number of weights
# is not what makes a net good. Look at AlexNet layer by layer (E10):

# %%
summary = dl.summarize(dl.models.alexnet(), (227, 227, 3))
print(summary)

# %% [markdown]
# ### AlexNet's counts, and two slides
#
# A convolution with F kernels of h × w on C channels has F·(h·w·C + 1) parameters, whatever the size of the picture. For
# the first layer that is 96·(11·11·3 + 1) = 34,944; a slide prints 134,944 (E11). If each place had kernels of its own
# (*locally connected*), there would be 55·55 as many; the slide calls this number "fully connected". Truly fully
# connected, each unit would see every pixel:

# %%
counts = dl.inspect.connections(dl.models.alexnet(), (227, 227, 3))["conv1/conv"]
print(f"shared            {counts.shared:>14,}")
print(f"locally connected {counts.locally_connected:>14,}")
print(f"fully connected   {counts.fully_connected:>14,}")

# %% [markdown]
# Most of AlexNet's weights are in its three dense layers: the first of them reads 6·6·256 = 9,216 numbers. (A slide
# multiplies 9,216 · 4,096 · 4,096 = 154,618,822,656, which counts nothing.)

# %%
dense = {
    row.name: row.parameters
    for row in summary.layers
    if len(row.output_shape) == 1 and row.parameters
}
for name, parameters in dense.items():
    print(f"{name:<8}{parameters:>12,}")
print(f"share of the dense layers: {sum(dense.values()) / summary.parameters:.0%}")

# %% [markdown]
# Two ideas save most of these weights. **Global average pooling** (E6, Network in Network) takes the mean of each of the
# last maps instead of flattening them:

# %%
averaged = dl.summarize(dl.models.alexnet(head="mean"), (227, 227, 3))
print(f"flattened {summary.parameters:,}, averaged {averaged.parameters:,}")

# %% [markdown]
# And **small kernels** (VGG): two layers of 3×3 see 5×5 pixels, with fewer weights and one more ReLU in between.

# %% [markdown]
# ### Exercise 1: three threes for a seven
#
# How many layers of 3×3 see as much as one of 7×7, and what share of its weights do they have? All layers have C channels
# in and out; leave the biases out.

# %%
layers, share = 1, 1.0  # change this
print(f"{layers} layers, {share:.0%} of the weights")

# %% [markdown]
# ### Solution

# %%
# Each layer of 3×3 adds 2 pixels: 3, 5, 7. Three of them have 3 · 9 C² weights, one of 7×7 has 49 C².
layers, share = 3, 3 * 9 / 49
print(f"{layers} layers, {share:.0%} of the weights")
rows = {row.name: row for row in dl.summarize(dl.models.vgg(16), (224, 224, 3)).layers}
before, after = rows["conv2_2/pool"], rows["conv3_3/conv"]  # three layers of 3×3 in between
assert after.receptive_field[0] - before.receptive_field[0] == (7 - 1) * before.stride[0]
assert round(share, 2) == 0.55

# %% [markdown]
# ## Why depth needs skips
#
# One would think that a deeper net is at least as good: its further layers could do nothing, h → h. But plain layers are
# bad at doing nothing, and ResNet's skips make it easy (He et al. 2016, E13). Let us take 40 layers. This is the one
# place of the notebook where a net is defined, because its definition is the point: a layer computes
#
# $$\text{plain:}\quad h \leftarrow W \,\text{relu}(h) \qquad\qquad \text{with a skip:}\quad h \leftarrow h +
# \tfrac{1}{\sqrt{L}}\, W \,\text{relu}(h)$$
#
# where L is the number of layers. The factor keeps the sum of L changes about as large as h. All begin with He's weights
# (D4).


# %%
def deep_net(depth, *, skips, width=32):
    """A net of `depth` dense layers of the same width, with or without skips."""
    he = jax.nn.initializers.he_normal()

    def init(key, x):
        first, last, *middle = jax.random.split(key, depth + 2)
        return {
            "first": he(first, (x[0].size, width)),
            "layers": jnp.stack([he(key, (width, width)) for key in middle]),
            "last": he(last, (width, 10)),
        }

    def layer(h, W):
        change = jax.nn.relu(h) @ W
        return (h + change / jnp.sqrt(depth) if skips else change), None

    def apply(params, x):
        h = x.reshape(len(x), -1) @ params["first"]
        h, _ = jax.lax.scan(layer, h, params["layers"])
        return jax.nn.relu(h) @ params["last"]

    return dl.from_functions(init, apply, name="deep net")


# %% [markdown]
# Before any training: how alike are the outputs for different digits (the cosine between two of them is 1 if they point
# the same way), and how much of the loss's gradient arrives at each layer's weights?

# %%
data = dl.load_data("digits", validation=0.1)
x, labels = dl.normalize(data.train.inputs[:128], data.spec), data.train.targets[:128]
shapes = {"40 plain": (40, False), "40 with skips": (40, True)}
norms = {}
for name, (depth, skips) in shapes.items():
    model = deep_net(depth, skips=skips)
    params, _ = model.init(jax.random.key(0), x)

    def loss(params, model=model):
        logits = model.apply(params, {}, x)[0]
        return -jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels].mean()

    outputs = model.apply(params, {}, x)[0]
    outputs /= jnp.linalg.norm(outputs, axis=1, keepdims=True)
    print(f"{name:<14} mean cosine of two outputs: {(outputs @ outputs.T).mean():.2f}")
    gradient = jax.jit(jax.grad(loss))(params)["layers"]
    norms[name] = np.linalg.norm(gradient, axis=(1, 2))
dl.plots.gradients_by_layer(norms, quantity="‖∂J/∂W‖")

# %% [markdown]
# He's weights keep the gradient of the plain net from vanishing altogether (C7), but it is smaller and uneven. Worse is
# what happens on the way forward: a plain stack of ReLU layers makes all inputs look more and more alike, so that its
# output hardly depends on the picture. With skips each layer adds a little to what is there, and what is there gets
# through to the end. Now train them, three of each, beside a plain net of four layers:

# %%
shapes = {"4 plain": (4, False)} | shapes
options = dl.TrainOptions(
    epochs=5, batch_size=32, optimizer="momentum", learning_rate=0.003, members=3
)
stacks = {}
for name, (depth, skips) in shapes.items():
    model = deep_net(depth, skips=skips)
    recipe = dl.Recipe(model, dl.objectives.classification(model))
    stacks[name] = dl.fit(recipe, data, options, progress=False)
    spread = stacks[name].spread("train")
    accuracy = f"{spread['accuracy']:.0%} ± {spread['accuracy_std']:.0%}"
    print(f"{name:<14} right on the training digits: {accuracy}")

# %%
dl.plots.curves({name: trained.history for name, trained in stacks.items()}, metrics=["loss"])

# %% [markdown]
# The deep plain net is worse *on the training digits*: this is not over-fitting, it cannot even be fitted. With skips the
# deep net learns as well as the shallow one. (These digits do not need 40 layers; the point is that they do no harm.)

# %% [markdown]
# ## A small ResNet on the digits
#
# A ResNet's block is two convolutions of 3×3 with batch norm (D5), and a skip around them. The paper's nets for small
# pictures have 6n + 2 layers (E13). The digits get 8 layers of half the width. Tick the box for Fashion-MNIST (70,000
# pictures of clothes) and 20 layers, if you have a GPU or TPU; on a CPU it would take an hour.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
if REAL_DATA:
    from experiments.resnet20_fashion_mnist import Options, build

    options = Options(epochs=8)
    pictures = dl.load_data(options.dataset, validation=options.validation)
    recipe = build(options, pictures.spec)
else:
    pictures = data
    options = dl.TrainOptions(
        epochs=6, batch_size=32, optimizer="nesterov", learning_rate=0.05, schedule="one-cycle"
    )
    model = dl.models.cifar_resnet(8, width=0.5)
    recipe = dl.Recipe(model, dl.objectives.classification(model))
print(dl.summarize(recipe.model, pictures.spec.input_shape))

# %% [markdown]
# The table does not show the skips; the drawing of the 8 layers does. At each + a skip meets what its block has computed.

# %%
dl.plots.architecture(dl.models.cifar_resnet(8, width=0.5), (28, 28, 1))

# %%
resnet = dl.fit(recipe, pictures, options)
report = resnet.report("test")
parameters = dl.count_parameters(resnet.params)
print(f"{parameters:,} parameters, test accuracy {report.accuracy:.1%}")

# %%
dl.plots.curves(resnet.history)

# %% [markdown]
# LeNet has 431,080 parameters (E8), this net a small part of them. What does a small ResNet still take for what?

# %%
dl.plots.confusion(report)

# %% [markdown]
# Its first filters, 3×3 each (E12):

# %%
kernels = dl.inspect.filters(resnet)
first = next(iter(kernels))
dl.plots.filters(kernels[first], name=first)

# %% [markdown]
# ## What was learned once: transfer
#
# What a net has learned for one task is often good for another. A small LeNet learns to tell the ten digits apart. Then
# comes another question, with only 20 examples to learn from: is the digit even or odd? Two ways to answer it:
#
# - **new**: begin with random weights;
# - **frozen**: take the layers of the first net, keep them as they are, and train a new output layer.

# %%
options = dl.TrainOptions(epochs=8, batch_size=32)
digits = dl.models.lenet(10, features=(8, 16), hidden_size=64)
recipe = dl.Recipe(digits, dl.objectives.classification(digits), dl.optimizers.momentum(0.02))
old = dl.fit(recipe, data, options, progress=False)
print(f"ten digits: test accuracy {old.evaluate('test')['accuracy']:.1%}")

# %%
parity = np.array(["even", "odd"])
few = dl.make_dataset(
    data.train.inputs[:20],
    parity[data.train.targets[:20] % 2],
    test=(data.test.inputs, parity[data.test.targets % 2]),
)
model = dl.models.lenet(2, features=(8, 16), hidden_size=64)
recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.momentum(0.01))


def learn(seed, *, frozen):
    """The test accuracy of one net for even and odd."""
    params, model_state = model.init(jax.random.key(seed), jnp.zeros((1, 28, 28, 1)))
    if frozen:
        params = dl.transfer(old.params, into=params, new=["output"]).tree
    trained = dl.fit(
        dl.freeze(recipe, ["conv*", "hidden"] if frozen else []),
        few,
        dl.TrainOptions(epochs=100, batch_size=20, validation=0.0, seed=seed),
        init=(params, model_state),
        progress=False,
    )
    return trained.evaluate("test")["accuracy"]


for name, frozen in {"new": False, "frozen": True}.items():
    found = [learn(seed, frozen=frozen) for seed in range(3)]
    print(f"{name:<7} {np.mean(found):.1%} ± {np.std(found, ddof=1):.1%}")

# %% [markdown]
# The features of the first net say which digit it is, so that twenty examples are enough to say which digits are even.
# It does not always help: the new task must need what the old one taught. With many examples it matters less where one
# begins; and one may go on with all layers afterwards, at a small rate (*fine-tuning*: leave `dl.freeze` out).

# %% [markdown]
# ## Committees
#
# Nets that differ in nothing but their random numbers make different mistakes, so the mean of their probabilities is
# wrong less often than one of them (D7). The record on MNIST by Ciresan's committees of GPU-trained nets is 0.27 % and
# 0.23 % errors (E15). Here are five small LeNets with 100 digits each to learn from, trained as one program:

# %%
hundred = dl.data.dataset.limit(data, train=100)
model = dl.models.lenet(10, features=(8, 16), hidden_size=64)
recipe = dl.Recipe(model, dl.objectives.classification(model))
options = dl.TrainOptions(epochs=30, batch_size=20, optimizer="momentum", learning_rate=0.02)
committee = dl.train_population(recipe, hundred, options, members=5, progress=False)
members = committee.spread("test")
together = committee.evaluate("test")["accuracy"]
print(f"a member    {1 - members['accuracy']:.1%} ± {members['accuracy_std']:.1%} wrong")
print(f"all of them {1 - together:.1%} wrong")

# %% [markdown]
# ### Exercise 2: how sure is a committee?
#
# For each test digit, count how many of the five members agree with the committee's answer. Is the committee right more
# often where all agree?

# %%
votes = np.array(
    [member.predict(hundred.test.inputs).probabilities.argmax(-1) for member in committee.members]
)
answers = committee.predict(hundred.test.inputs).probabilities.argmax(-1)
right = answers == hundred.test.targets
agreeing = np.full(len(answers), 5)  # change this: how many of the votes [5, N] are the answer?
for count in np.unique(agreeing):
    chosen = agreeing == count
    print(f"{count} agree: {right[chosen].mean():.0%} right, {chosen.sum()} digits")

# %% [markdown]
# ### Solution

# %%
agreeing = (votes == answers).sum(axis=0)
for count in np.unique(agreeing):
    chosen = agreeing == count
    print(f"{count} agree: {right[chosen].mean():.0%} right, {chosen.sum()} digits")
assert right[agreeing == 5].mean() > right[agreeing < 5].mean() + 0.1

# %% [markdown]
# Where members disagree a committee knows that it does not know. That is worth as much as the better accuracy: such
# digits can be given to a person.

# %% [markdown]
# ## Machine learning beside deep learning
#
# The lecture compares methods with hand-made features and nets that learn theirs, in 13 rows (H8):

# %%
for aspect, machine, deep in dl.lessons.comparison().rows:
    print(f"{aspect:<19} {machine:<52} {deep}")

# %% [markdown]
# One row can be measured: performance. On the pixels of these digits, which are small, clean and few:

# %%
from dl.reports.baselines import fit_baselines, table

rows = fit_baselines(data)
print(table(rows).text())

# %% [markdown]
# A support vector machine with an RBF kernel on raw pixels is at least as good as our nets here, in less time: little,
# tidy data is where the older methods are strong. On MNIST and on pictures of clothes the nets are ahead, as
# [docs/results.md](repo:docs/results.md) shows, and on ImageNet (E14: 1,000 classes, where people err in about 5 % with
# five answers each, and the winner of 2017 in 2.3 %) nothing else comes near.

# %% [markdown]
# ### Exercise 3: what would AlexNet cost as one dense layer?
#
# Suppose AlexNet's first layer were fully connected, with a parameter in 4 bytes. How many gigabytes would it take?
# (1 GB = 10⁹ bytes.)

# %%
gigabytes = 0.0  # change this
print(f"{gigabytes:.0f} GB")

# %% [markdown]
# ### Solution

# %%
# 55·55·96 = 290,400 units, and each has 227·227·3 weights and a bias.
gigabytes = 290_400 * (227 * 227 * 3 + 1) * 4 / 1e9
print(f"{gigabytes:.0f} GB, for {counts.fully_connected:,} parameters")
assert np.isclose(gigabytes, counts.fully_connected * 4 / 1e9)
assert 179 < gigabytes < 180

# %% [markdown]
# ## Where to go next
#
# - `!python -m experiments show resnet20_cifar10` prints the layers of a net, `run` trains it. Those of ImageNet are for
#   accelerators.
# - `09_search_and_committees` goes on with committees, `06_autoencoders_and_belief_nets` learns without labels.
