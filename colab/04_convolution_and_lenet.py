# %% [markdown]
# # Convolution and LeNet
#
# A picture is more than a list of numbers: pixels have neighbours, and a digit that is moved a little is the same digit.
# Here you compute a convolution by hand (E3), see what kernels do (E1, E2) and learn one (E2), put layers together to
# LeNet (E8), train it on digits, and look inside: its filters (E12), its maps, what it gets wrong and where it looks.
#
# You should know what a dense layer is and how a net is trained (`03_training_and_regularisation`).

# %%
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

import dl
from dl.lessons.convolution import EXAMPLE, EXAMPLE_KERNEL
from dl.lessons.filtering import EXAMPLE as GREY_VALUES
from dl.lessons.kernels import KERNELS

# %% [markdown]
# ## A convolution by hand
#
# A kernel k is laid on the picture x at every place, and pixels are multiplied with the weights that lie on them and
# added up (E3):
#
# $$y_{pq} = \sum_{i,j} k_{ij}\, x_{p+i,\,q+j}$$
#
# Below is the lecture's example, all nine places of a 3×3 kernel on a picture of 5×5. The small numbers are weights.

# %%
steps = dl.lessons.convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL)
dl.plots.convolution_steps(steps)

# %% [markdown]
# Check one of the sums with your finger. Now three ways to compute them all: two loops, the function of this lesson, and
# the layer that the networks use, which takes a batch of pictures with channels.

# %%
by_hand = np.zeros((3, 3))
for p in range(3):
    for q in range(3):
        by_hand[p, q] = np.sum(EXAMPLE_KERNEL * EXAMPLE[p : p + 3, q : q + 3])
lesson = dl.lessons.convolve(EXAMPLE, EXAMPLE_KERNEL)
pictures = jnp.asarray(EXAMPLE, jnp.float32)[None, :, :, None]  # [batch, height, width, channels]
kernels = jnp.asarray(EXAMPLE_KERNEL, jnp.float32)[:, :, None, None]  # [height, width, in, out]
layer = dl.layers.convolution(pictures, kernels, padding="VALID")[0, :, :, 0]
print(by_hand)
print("all three equal:", np.array_equal(by_hand, lesson) and np.array_equal(by_hand, layer))

# %% [markdown]
# ### How large is the result?
#
# Of n pixels and a kernel of m the result has n − m + 1 (E4). Zeros around the picture (**padding**) make it larger; a
# **stride** of s visits every s-th place only:
#
# $$n_\text{out} = \left\lfloor \frac{n + 2\,\text{padding} - m}{s} \right\rfloor + 1.$$
#
# Several kernels give several maps, and each kernel covers all channels of what it reads: 6×6×3 with two kernels of 3×3×3
# becomes 4×4×2.

# %%
print("28 pixels, kernel 5:            ", dl.lessons.output_size(28, 5))
print("with 2 zeros at both ends:      ", dl.lessons.output_size(28, 5, padding=2))
print("227 pixels, kernel 11, stride 4:", dl.lessons.output_size(227, 11, stride=4))
rgb, two = jnp.ones((1, 6, 6, 3)), jnp.ones((3, 3, 3, 2))
print("6×6×3 with two of 3×3×3:", dl.layers.convolution(rgb, two, padding="VALID").shape[1:])

# %% [markdown]
# A convolution is a dense layer with two restrictions: an output is connected to m inputs only (*sparse connections*),
# and all outputs have the same weights (*parameter sharing*, E4). In one dimension one can write down its matrix:

# %%
print(dl.lessons.as_dense(jnp.array([1.0, 2.0, 3.0]), 6))
print()
print("28 inputs, kernel of 5:", dl.lessons.count_weights(28, 5))

# %% [markdown]
# ### Exercise 1: sizes and weights
#
# A layer reads pictures of 32×32 pixels with 3 channels, with 16 kernels of 5×5, a stride of 2 and padding of 2. What is
# the shape of its result, and how many parameters does it have? (Each kernel has one bias.)

# %%
shape, parameters = (32, 32, 16), 0  # change this
print(shape, parameters)

# %% [markdown]
# ### Solution

# %%
# (32 + 4 − 5) / 2 rounded down, and 1, is 16. A kernel has 5 · 5 · 3 weights and a bias.
shape, parameters = (16, 16, 16), 16 * (5 * 5 * 3 + 1)
print(shape, parameters)
x, weights = jnp.ones((1, 32, 32, 3)), jnp.ones((5, 5, 3, 16))
assert dl.layers.convolution(x, weights, strides=2, padding=2).shape[1:] == shape
assert weights.size + 16 == parameters == 1216

# %% [markdown]
# ## What kernels do
#
# Filters are older than networks. A smoothing kernel, on grey values of the lecture (E1), has ones with a 4 in the
# middle, divided by 12. Does a filter read the old picture, or the new one that it is writing? The slide's second pixel
# is right only if the first result has been written back:

# %%
print("grey values: ", GREY_VALUES[1].tolist())
print("smoothed:    ", dl.lessons.smooth(GREY_VALUES)[1].tolist())
print("written back:", dl.lessons.smooth(GREY_VALUES, write_back=True)[1].tolist())

# %% [markdown]
# And here are the lecture's eight kernels (E2) at work on a digit. Those whose weights sum to 0 answer to edges and to
# nothing else: `edges_diagonal` compares the corners of one diagonal with those of the other, `edges_of_4` and
# `edges_of_8` compare a pixel with its 4 or 8 neighbours, `vertical_edge` compares left with right. Those whose weights
# sum to 1 keep the brightness: the identity, two blurs, and a sharpener. Each row below is on one scale of greys.

# %%
data = dl.load_data("digits", validation=0.1)
digit = data.train.inputs[3]


def seen_by(*names):
    """What kernels make of the digit: [28, 28, F]."""
    picture = digit[None] / 255
    return np.concatenate([dl.lessons.apply_kernel(picture, name)[0] for name in names], axis=-1)


edge_kernels = ("edges_diagonal", "edges_of_4", "edges_of_8", "vertical_edge")
others = ("identity", "box_blur", "gaussian_blur", "sharpen")
print("first row: ", *edge_kernels)
print("second row:", *others)
dl.plots.feature_maps(digit, {"edges": seen_by(*edge_kernels), "others": seen_by(*others)})

# %% [markdown]
# ### Exercise 2: the other edge
#
# `vertical_edge` is bright where bright lies to the left of dark. Write a kernel that finds *horizontal* edges, with a
# positive value where bright lies above dark.

# %%
mine = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])  # change this
dl.plots.feature_maps(digit, {"mine": seen_by(mine)})

# %% [markdown]
# ### Solution

# %%
mine = KERNELS["vertical_edge"].T  # ones above, zeros, minus ones below
print(mine)
above = np.zeros((1, 6, 6, 1))
above[:, :3] = 1  # bright above dark, and no edge from left to right
response = dl.lessons.apply_kernel(above, mine)[0, :, :, 0]
assert (response[2:4] > 0).all()
assert not response[jnp.array([0, 1, 4, 5])].any()
assert not dl.lessons.apply_kernel(above, "vertical_edge").any()

# %% [markdown]
# ## A kernel can be learned
#
# Nobody has to invent kernels. Take digits and what a kernel makes of them, hide the kernel, and look for weights that
# do the same: the squared error is a function of nine numbers, and gradient descent finds them (E2).

# %%
sample = data.train.inputs[:64] / 255
found = dl.lessons.learn_kernel(sample, dl.lessons.apply_kernel(sample, "edges_of_8"), steps=2000)
print(f"error at first {found.losses[0]:.3f}, at the end {found.losses[-1]:.2g}")
print(np.asarray(found.kernel).round(1))

# %%
pair = np.stack([KERNELS["edges_of_8"], found.kernel], axis=-1)[:, :, None]
dl.plots.filters(pair, name="hidden and found")

# %% [markdown]
# That is all that a convolutional layer does, with one difference: nobody tells it what its maps should be. It learns
# from errors that come back from the layers above (C6).

# %% [markdown]
# ## Pooling
#
# Pooling replaces each area of 2×2 by its maximum or its mean (E5). It halves the sides, and makes what follows care
# less about the exact place. How much does a map change when the digit moves one pixel to the right?

# %%
x = jnp.asarray(data.train.inputs[:200] / 255)


def edges(pictures):
    return jnp.abs(dl.lessons.apply_kernel(pictures, "vertical_edge"))


for name, function in {
    "map": edges,
    "2×2 maximum": lambda x: dl.layers.max_pool(edges(x), 2),
    "4×4 maximum": lambda x: dl.layers.max_pool(edges(x), 4),
    "whole map": lambda x: edges(x).max(axis=(1, 2)),
}.items():
    print(f"{name:<12} changes by {dl.lessons.change_under_shift(function, x).mean():.0%}")

# %% [markdown]
# Less and less, but not 0 until the maximum is over the whole map, which no longer says *where* anything is: some
# invariance, bought with knowledge of the place.

# %% [markdown]
# ## LeNet
#
# Now the layers are put together. LeNet of the lectures (E8) has two convolutions with pooling, then a dense layer of
# 500 units and ten outputs:

# %%
print(dl.summarize(dl.models.lenet(), (28, 28, 1)))

# %% [markdown]
# `field` is the **receptive field** (E7): how many pixels of the input a unit sees. Each 5×5 kernel adds 4 pixels, times the
# stride so far (a pooling of 2 doubles it). `macs` are multiply-adds: the convolutions have few weights but most of the
# work, the dense layer most of the weights. Here is what a unit in the middle of each layer sees:

# %%
summary = dl.summarize(dl.models.lenet(), digit.shape)
dl.plots.receptive_fields(digit, dl.inspect.fields_of_unit(summary))

# %% [markdown]
# ### Train it
#
# The options are those of the experiment `lenet_digits`: dropout (D6), digits turned, zoomed and shifted (D7), a rate that
# rises and falls. Tick the box for MNIST, 70,000 digits; on a CPU that takes some minutes, on a GPU or TPU seconds.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
if REAL_DATA:
    from experiments.lenet_mnist_fast import Options, build

    options = Options()
else:
    from experiments.lenet_digits import Options, build

    options = Options(epochs=12)
data = dl.load_data(options.dataset, validation=options.validation)
dl.plots.examples(data, count=16)

# %%
recipe = build(options, data.spec)
trained = dl.fit(recipe, data, options)
report = trained.report("test")
wrong = round(report.examples * (1 - report.accuracy))
print(f"test: {wrong} of {report.examples} wrong, accuracy {report.accuracy:.1%}")

# %%
dl.plots.curves(trained.history)

# %% [markdown]
# Training looks worse than validation because it is harder: with units switched off, and on digits that are turned and
# moved.

# %% [markdown]
# ## Look inside
#
# ### The filters
#
# Kernels of the first layer are small pictures (E12). Middle grey is a weight of 0. Look for a bright side beside a dark
# one: such a filter answers to edges, as `vertical_edge` does, though nobody told it to. After so short a training much
# is still the noise that the weights began with.

# %%
dl.plots.filters(dl.inspect.filters(trained)["conv1"], name="conv1")

# %% [markdown]
# ### The maps
#
# What the layers make of one digit, from the top down (E8): strokes of certain directions are found, then the maps get
# smaller and harder to read.

# %%
picture = data.test.inputs[0]
layers = ["conv1", "conv1.pool", "conv2", "conv2.pool"]
maps = dl.inspect.feature_maps(trained, picture[None], layers=layers)
dl.plots.feature_maps(picture, {name: values[0] for name, values in maps.items()})

# %% [markdown]
# ### What it gets wrong
#
# Rows are the right digits, columns the answers. Almost all should lie on the diagonal.

# %%
dl.plots.confusion(report)

# %% [markdown]
# To have more mistakes to look at, here is a LeNet that was trained on 100 digits only, and its surest mistakes: above
# each stands the right digit → its answer, with the probability that it gave.

# %%
few = replace(options, epochs=12, batch_size=20, learning_rate=0.02, schedule="constant")
little = dl.data.dataset.limit(data, train=100)
beginner = dl.fit(build(few, little.spec), little, few, progress=False)
mistakes = beginner.report("test")
dl.plots.mistakes(mistakes, [little.test.inputs[each.index] for each in mistakes.mistakes])

# %% [markdown]
# ### Where it looks
#
# **Saliency** is the gradient of the answer's score by the pixels: which pixels, changed a little, change the score most?
# **Occlusion** asks with less mathematics: cover a patch, and see how much the score falls.

# %%
shown = data.test.inputs[:5]
dl.plots.saliency(shown, dl.inspect.saliency(trained, shown), titles=trained.predict(shown).labels)

# %%
place = {"patch": 7, "stride": 1}
scores = dl.inspect.occlusion(trained, shown, **place)
whole = dl.inspect.class_scores(trained, shown)[1]
dl.plots.occlusion(shown, scores, whole, **place, titles=trained.predict(shown).labels)

# %% [markdown]
# ### Exercise 3: does it need the place?
#
# Shift all test digits by some pixels to the right (`np.roll`) and count how many LeNet still gets right. Predict first:
# it has seen shifts of up to two pixels. How does a net of dense layers do that was trained on the same digits?

# %%
dense = dl.models.mlp(10, hidden_sizes=(500,))
objective = dl.objectives.classification(dense)
plain = dl.fit(dl.Recipe(dense, objective), data, replace(options, epochs=8), progress=False)
some, right_answers = data.test.inputs[:1000], data.test.targets[:1000]


def accuracy(net, shift):
    """The share of right answers for test digits that are moved `shift` pixels to the right."""
    moved = some  # change this
    return np.mean(net.predict(moved).probabilities.argmax(-1) == right_answers)


for shift in (0, 2, 4):
    print(
        f"shift {shift}: LeNet {accuracy(trained, shift):.0%}, dense {accuracy(plain, shift):.0%}"
    )

# %% [markdown]
# ### Solution


# %%
def accuracy(net, shift):
    """The share of right answers for test digits that are moved `shift` pixels to the right."""
    moved = np.roll(some, shift, axis=2)
    return np.mean(net.predict(moved).probabilities.argmax(-1) == right_answers)


shares = {shift: (accuracy(trained, shift), accuracy(plain, shift)) for shift in (0, 2, 4)}
for shift, (lenet, mlp) in shares.items():
    print(f"shift {shift}: LeNet {lenet:.0%}, dense {mlp:.0%}")
assert shares[2][0] > shares[2][1] + 0.1

# %% [markdown]
# LeNet is far ahead, for two reasons that this comparison does not take apart: its layers, and the shifted digits that it
# has seen. Train the dense net with the same augmentation (`build` shows how) to see what each is worth. Beyond what it
# has seen LeNet suffers too: its last maps still know the place, and its dense layer does.

# %% [markdown]
# ## Where to go next
#
# - `05_deep_convnets`: AlexNet, VGG, GoogLeNet, ResNet (E10-E13).
# - `!python -m experiments run lenet_mnist` is the lecture's recipe on MNIST: 75 epochs for 99.4 % (E8).
# - LeNet-5 of 1998 with its partial connections and Gaussian outputs (E9) is `dl.models.lenet5(variant="1998")`.
