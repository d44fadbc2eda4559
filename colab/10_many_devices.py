# %% [markdown] cpu_devices=8
# # One step on many devices
#
# You spread a training step over several devices in two ways, `jit` over a mesh and `pmap`, and see that the parameters
# are those of a single device. Then you look at what easily goes wrong: means of means, batch norm, and batches that do
# not divide. At the end each device trains nets of its own.
#
# You need the training step from the end of the [quick start](repo:colab/00_quickstart.ipynb).

# %% [markdown]
# ## The devices
#
# On a TPU these are its chips. Where there is none, the ordinary processor pretends to be eight devices: nothing gets
# faster by that, but every program and every number is as it would be on eight chips.

# %%
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import dl
from experiments import mlp_mnist

devices = jax.devices()
count = len(devices)
assert count > 1, "a single device: take a CPU under Runtime → Change runtime type, and start again"
print(f"{count} devices: {devices[0]}, ..., {devices[-1]}")

# %% [markdown]
# ## Why it can work
#
# A step of gradient descent follows the mean gradient of a batch of B examples (C8). A sum does not care who adds it up.
# With a share $S_d$ of the batch on each of D devices
#
# $$\nabla J = \frac1B \sum_{i=1}^{B} \nabla J_i = \frac1B \sum_{d=1}^{D} \sum_{i \in S_d} \nabla J_i$$
#
# So every device has all parameters, computes the inner sum on its share of the batch, and the devices add up their
# sums (**all-reduce**). Then each makes the same step.
#
# Model and objective are those of `mlp_mnist` (C1), with a small batch of digits.

# %%
options = mlp_mnist.Options(
    dataset="digits", hidden_size=32, dropout=0.0, epochs=2, batch_size=64, learning_rate=0.01
)
data = dl.load_data(options.dataset, validation=options.validation)
recipe = mlp_mnist.build(options, data.spec)
optimizer = dl.optimizers.momentum(0.01)


def batch_of(number, size=64):
    """The examples of step `number`, in the order of the data."""
    index = np.arange(number * size, (number + 1) * size) % len(data.train)
    inputs = np.asarray(dl.normalize(data.train.inputs[index], data.spec))
    mask = np.ones(size, np.float32)
    return {
        "inputs": inputs,
        "targets": data.train.targets[index],
        "mask": mask,
        "index": index.astype(np.int32),
    }


example = batch_of(0)["inputs"][:1]
first = jax.jit(lambda: dl.init_state(recipe.model, optimizer, example, seed=0))()
print({name: leaf.shape for name, leaf in batch_of(0).items()})

# %% [markdown]
# ## One device
#
# The step is one pure function. `jit_step` compiles it, and lets the new state take the memory of the old one (it is
# *donated*). So each training below begins with a copy of the first state.


# %%
def train(compiled, state, prepare=lambda batch: batch, steps=20):
    """The state after some steps, and the loss before each of them."""
    history = []
    for number in range(steps):
        state, sums = compiled(state, prepare(batch_of(number)))
        history.append(sums)
    return state, history


step = dl.make_train_step(recipe.objective, optimizer)
alone, alone_sums = train(dl.jit_step(step), jax.tree.map(jnp.copy, first))
print("metrics of a step are a sum and a count:", alone_sums[0]["loss"])

# %% [markdown]
# ## jit over a mesh
#
# A **mesh** gives the devices a shape; here they are in a row, whose axis is called "batch". The function stays as it is.
# `jit_step(step, mesh)` only says where arrays lie: the batch is split over the axis, the state is everywhere. The
# compiler finds out where the devices have to talk to each other.

# %%
mesh = dl.make_mesh()
print(mesh)
meshed, meshed_sums = train(dl.jit_step(step, mesh), jax.tree.map(jnp.copy, first))
kernel = jax.tree.leaves(meshed.params)[-1]
print(f"a weight matrix {kernel.shape} lies on {len(kernel.sharding.device_set)} devices,")
print("each has of it", {piece.data.shape for piece in kernel.addressable_shards})

# %% [markdown]
# ## pmap
#
# `pmap` runs the same program on every device, and the program itself says where they talk. A step that is made with
# `axis_name="batch"` sums gradients and metrics over that axis. Everything gets a first axis of devices: `replicate`
# copies the state, `shard` cuts the batch.

# %%
mapped_step = dl.pmap_step(dl.make_train_step(recipe.objective, optimizer, axis_name="batch"))
pieces = dl.shard(batch_of(0), count)
print({name: piece.shape for name, piece in pieces.items()})
mapped, mapped_sums = train(
    mapped_step, dl.replicate(first, devices), lambda batch: dl.shard(batch, count)
)
mapped = dl.unreplicate(mapped)  # all copies are equal: take the first

# %% [markdown]
# ## The same parameters
#
# Twenty steps in each way. Sums are added up in another order, so that the last digits may differ, and no more:


# %%
def largest_difference(a, b):
    each = jax.tree.map(lambda x, y: np.abs(np.asarray(x) - np.asarray(y)).max(), a, b)
    return float(max(jax.tree.leaves(each)))


print(f"learned: weights moved by up to {largest_difference(alone.params, first.params):.2f}")
print(f"mesh and one device: {largest_difference(meshed.params, alone.params):.1e}")
print(f"pmap and one device: {largest_difference(mapped.params, alone.params):.1e}")
assert largest_difference(meshed.params, alone.params) < 1e-2
assert largest_difference(mapped.params, alone.params) < 1e-2

# %% [markdown]
# Their losses too: three curves, of which you see one.


# %%
def records(history):
    """Curves of the losses; an epoch is a pass over all examples."""
    losses = [float(sums["loss"].sum / sums["loss"].count) for sums in history]
    each = 64 / len(data.train)
    return [
        dl.Record(step, step * each, "train", {"loss": loss}) for step, loss in enumerate(losses, 1)
    ]


dl.plots.curves(
    {
        "one device": records(alone_sums),
        f"mesh of {count}": records(meshed_sums),
        f"pmap, {count} devices": records([dl.unreplicate(sums) for sums in mapped_sums]),
    }
)

# %% [markdown]
# ### Exercise 1: a mean of means
#
# The last batch of an epoch is rarely full. It is filled up with rows whose `mask` is 0, so that it keeps its shape, and
# these do not count. Below, 50 of 64 rows are real, and the last device has fewer of them than the first. Somebody lets
# each device compute its mean loss, and takes the mean of these. What is wrong, and by how much? How does `dl` get it
# right?

# %%
uneven = batch_of(0)
uneven["mask"] = (np.arange(64) < 50).astype(np.float32)
print("real rows on each device:", dl.shard(uneven, count)["mask"].sum(axis=1).astype(int))
outputs, *_ = recipe.model.apply(first.params, first.model_state, uneven["inputs"])
losses = -jax.nn.log_softmax(outputs)[np.arange(64), uneven["targets"]]  # one for each row

# %% [markdown]
# ### Solution

# %%
rows, mask = np.asarray(losses).reshape(count, -1), uneven["mask"].reshape(count, -1)
sums, counts = (rows * mask).sum(axis=1), mask.sum(axis=1)
means = sums[counts > 0] / counts[counts > 0]
print(
    f"mean of the devices' means {means.mean():.4f}, mean of the rows {sums.sum() / counts.sum():.4f}"
)
# A device with two real rows has as much to say as one with eight, and one with none divides by 0.
# So dl sums losses, gradients and counts over the devices, and divides once, at the end:
_, measured = mapped_step(dl.replicate(first, devices), dl.shard(uneven, count))
loss = dl.unreplicate(measured)["loss"]
print(f"dl: {loss.sum:.2f} / {loss.count:.0f} = {loss.sum / loss.count:.4f}")
exact = sums.sum() / counts.sum()
assert loss.count == 50
assert abs(loss.sum / loss.count - exact) < 0.1 * abs(means.mean() - exact)

# %% [markdown]
# ## Batch norm sees the whole batch
#
# Batch norm (D5) is the one layer for which examples are not independent: it subtracts the mean of the *batch*, and
# divides by its standard deviation.
#
# $$\hat z = \frac{z - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}$$
#
# On eight devices, is $B$ the 64 examples of the batch or the 8 of a device? It must be the 64, or the same training
# would give another net on another number of devices. `axis_name` takes care of that as well. Without it, every device
# is on its own:

# %%
normed = dl.models.mlp(data.spec.classes, hidden_sizes=(32,), batch_normalised=True)
objective = dl.objectives.classification(normed)
start = jax.jit(lambda: dl.init_state(normed, optimizer, example, seed=0))()
expected, _ = dl.jit_step(dl.make_train_step(objective, optimizer))(
    jax.tree.map(jnp.copy, start), batch_of(0)
)
for axis_name in ("batch", None):
    on_devices = dl.pmap_step(dl.make_train_step(objective, optimizer, axis_name=axis_name))
    after, _ = on_devices(dl.replicate(start, devices), dl.shard(batch_of(0), count))
    running = jax.tree.leaves(after.model_state)[0]  # running means: [devices, units]
    apart = float(jnp.ptp(running, axis=0).max())
    from_one = largest_difference(dl.unreplicate(after).model_state, expected.model_state)
    print(
        f"axis_name={axis_name!s:5}: devices differ by {apart:.1e}, the first from one device by "
        f"{from_one:.1e}"
    )

# %% [markdown]
# With `jit` over a mesh there is nothing to say: the program is written for the whole batch, and means what it says.

# %% [markdown]
# ## A whole training
#
# In `dl.fit` all of that is two options: `parallel`, which is "jit" or "pmap", and `devices`. The data, their order and
# the random numbers stay the same.

# %%
fitted = {}
for parallel, number in (("jit", 1), ("jit", count), ("pmap", count)):
    chosen = replace(options, parallel=parallel, devices=number)
    fitted[parallel, number] = dl.fit(recipe, data, chosen, progress=False)
for (parallel, number), trained in fitted.items():
    difference = largest_difference(trained.params, fitted["jit", 1].params)
    print(
        f"{parallel:4} on {number}: validation loss {trained.history[-1].values['loss']:.4f}, "
        f"largest difference {difference:.1e}"
    )
    assert difference < 1e-2

# %% [markdown]
# Only dropout draws other numbers under `pmap`, because there each device draws those of its own examples. Here it was
# left out.
#
# What does not divide, or is not there, is refused in one line, before anything is compiled:

# %%
for wrong in (
    {"devices": count, "batch_size": 8 * count - 2},
    {"devices": count + 1},
    {"devices": count, "members": count + 1},
):
    try:
        dl.fit(recipe, data, replace(options, **wrong), progress=False)
    except dl.InputError as error:
        print(error)

# %% [markdown]
# ### Exercise 2: how many devices does a batch use?
#
# With `devices=0`, the default, as many devices work as share the batch evenly. How many of eight are that for batches
# of 64, 60, 50 and 49? Predict. What would you choose in place of 49?

# %%
from dl.train.layout import make_layout

predicted = {64: 8, 60: 0, 50: 0, 49: 0}  # change these
print(f"a batch of 64 is shared by {len(make_layout('jit', batch_size=64).devices)} devices")

# %% [markdown]
# ### Solution

# %%
used = {size: len(make_layout("jit", batch_size=size).devices) for size in predicted}
print(used)
for size, number in used.items():  # the largest number up to `count` that divides the batch
    assert number == max(n for n in range(1, count + 1) if size % n == 0)
# 49 is seven times seven: one of eight devices would be idle. With 48 or 56 all eight work.

# %% [markdown]
# ## A net for each device
#
# There is another way to use many devices, in which they never talk: each trains nets of its own. A population (D7, D8)
# is split by its members, each of which sees whole batches.

# %%
population = dl.train_population(
    recipe, data, replace(options, devices=count), members=count, progress=False
)
kernel = jax.tree.leaves(population.state.params)[-1]
print(f"all weights of a layer {kernel.shape} lie on {len(kernel.sharding.device_set)} devices,")
print("each has of them", {piece.data.shape for piece in kernel.addressable_shards})
difference = largest_difference(population.members[0].params, fitted["jit", 1].params)
print(f"the first member and the net that was trained alone: {difference:.1e}")
assert difference < 1e-2
dl.plots.curves(population.history)

# %% [markdown]
# The members' seeds count up from 0, so that the first is the net from above. The band is one standard deviation over
# the members. Together they answer as a [committee](repo:colab/09_search_and_committees.ipynb).

# %% [markdown]
# ### Exercise 3: your own function on all devices
#
# `dl.map_population(function, members)` does the same for any function of one member. Descend on $f(w) = w^2$ from
# $w = 1$ with a different rate for each of 16 members, ten steps of $w \leftarrow w - 2 \eta w$ (D3). For which rates do
# you expect $w$ to end near 0, and for which does it grow?

# %%
descents = {"w": jnp.ones(16), "rate": jnp.linspace(0.1, 1.6, 16)}


def one_descent(member):
    return {**member, "w": member["w"]}  # change this


print(dl.map_population(one_descent, 16)(jax.tree.map(jnp.copy, descents))["w"])

# %% [markdown]
# ### Solution


# %%
def ten_steps(member):
    rate = member["rate"]
    return {"rate": rate, "w": jax.lax.fori_loop(0, 10, lambda _, w: w - 2 * rate * w, member["w"])}


ends = dl.map_population(ten_steps, 16)(jax.tree.map(jnp.copy, descents))["w"]
for rate, end in zip(descents["rate"], ends, strict=True):
    print(f"rate {rate:.1f}: w = {end:.3g}")
# Each step multiplies w by 1 - 2η: it shrinks for 0 < η < 1, is 0 at once for η = ½, and stays ±1 for 1.
assert np.allclose(ends, (1 - 2 * np.asarray(descents["rate"])) ** 10, rtol=1e-3, atol=1e-6)
print("lies on", len(ends.sharding.device_set), "devices")
assert 16 % len(ends.sharding.device_set) == 0
