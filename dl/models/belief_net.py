"""Deep belief nets: a stack of restricted Boltzmann machines; one alone is a net of one layer.

The hidden units of a machine are the visible ones of the next. Going up gives a code, going down a
picture, so that a net is an auto-encoder with tied weights. Before fine-tuning its weights come
from `dl.objectives.contrastive_divergence`. Source: F4; Hinton, Osindero & Teh 2006.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers.boltzmann import BINARY, GAUSSIAN, hidden_inputs, visible_mean
from dl.models.autoencoder import estimated_norm
from dl.models.functional import from_linen
from dl.models.unnormalised import Scale, unnormalised
from dl.types import PRETRAINING, Array, BeliefNet, Carry, Key, ModelState, Params

_SMALL = nn.initializers.normal(0.01)


class BoltzmannMachine(nn.Module):
    """A restricted Boltzmann machine: `up` is E[h | v] [B, F], `down` P(v = 1 | h) [B, D]."""

    visible: int
    hidden: int
    linear: bool = False
    kernel_init: Callable[..., Array] = _SMALL

    def setup(self) -> None:
        """Makes the weights and both biases."""
        zeros = nn.initializers.zeros
        self.kernel = self.param("kernel", self.kernel_init, (self.visible, self.hidden))
        self.bias = self.param("bias", zeros, (self.hidden,))
        self.visible_bias = self.param("visible_bias", zeros, (self.visible,))

    def up(self, visible: Array) -> Array:
        """E[h | v]: [B, D] -> [B, F]."""
        inputs = hidden_inputs({"kernel": self.kernel, "bias": self.bias}, visible)
        return (GAUSSIAN if self.linear else BINARY).mean(inputs)

    def down(self, hidden: Array) -> Array:
        """P(v = 1 | h): [B, F] -> [B, D]."""
        return visible_mean({"kernel": self.kernel, "visible_bias": self.visible_bias}, hidden)


class BoltzmannStack(nn.Module):
    """Machines on top of each other, up and down again: [B, ...] -> [B, F] -> [B, ...]."""

    input_shape: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    linear_code: bool
    kernel_init: Callable[..., Array]

    def setup(self) -> None:
        """Makes the machines; several have a counter of the steps of pre-training."""
        sizes = (math.prod(self.input_shape), *self.hidden_sizes)
        for number, (visible, hidden) in enumerate(pairwise(sizes), start=1):
            linear = self.linear_code and number == len(self.hidden_sizes)
            machine = BoltzmannMachine(visible, hidden, linear, self.kernel_init)
            setattr(self, machine_name(number), machine)
        if len(self.hidden_sizes) > 1 and self.is_initializing():
            self.variable(PRETRAINING, "steps", jnp.zeros, (), jnp.int32)

    def encode(self, visible: Array) -> Array:
        """The code: [B, ...] -> [B, F]."""
        hidden = visible.reshape(visible.shape[0], -1)
        for machine in self._machines():
            hidden = machine.up(hidden)
        return hidden

    def decode(self, code: Array) -> Array:
        """The reconstruction from a code: [B, F] -> [B, ...]."""
        hidden = code
        for machine in self._machines()[::-1]:
            hidden = machine.down(hidden)
        return hidden.reshape(-1, *self.input_shape)

    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        return self.decode(self.encode(inputs))

    def _machines(self) -> list[BoltzmannMachine]:
        numbers = range(1, len(self.hidden_sizes) + 1)
        return [getattr(self, machine_name(number)) for number in numbers]


def machine_name(number: int) -> str:
    """The name of a machine, from 1 on: that of the layer of `mlp` which takes its place.

    >>> machine_name(1)
    'hidden1'
    """
    return f"hidden{number}"


def belief_net(
    input_shape: Sequence[int],
    hidden_sizes: Sequence[int],
    *,
    linear_code: bool = False,
    persistent: bool = False,
    mean: Sequence[float] = (0.0,),
    std: Sequence[float] = (1.0,),
    kernel_init: Callable[..., Array] = _SMALL,
) -> BeliefNet:
    """A stack of restricted Boltzmann machines with `hidden_sizes` units; one size makes one alone.

    The units are binary, their inputs probabilities from 0 to 1. `mean` and `std` are those of the
    data (`DataSpec`): by them pictures that were normalised become such inputs again. The last
    layer of a `linear_code` has real units, N(a, 1). A `persistent` net keeps a Markov chain for
    each row of a batch from step to step. Machine n is called `hidden<n>`, as the layers of `mlp`
    are. Source: F4; weights N(0, 0.01²): Hinton 2010, section 8.

    Raises:
        InputError: for sizes below 1, or none.

    >>> model = belief_net((28, 28, 1), (500,))
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    >>> {name: leaf.shape for name, leaf in params["hidden1"].items()}
    {'kernel': (784, 500), 'bias': (500,), 'visible_bias': (784,)}
    """
    if not hidden_sizes or any(size < 1 for size in hidden_sizes):
        raise InputError(
            f"hidden_sizes is {tuple(hidden_sizes)}; give at least one layer, of at least 1 unit"
        )
    module = BoltzmannStack(tuple(input_shape), tuple(hidden_sizes), linear_code, kernel_init)
    return _belief_net(module, Scale(tuple(mean), tuple(std)), persistent=persistent)


def _belief_net(module: BoltzmannStack, scale: Scale, *, persistent: bool) -> BeliefNet:
    """The model of a stack: inputs and reconstructions are normalised by `scale`, units are not."""
    inner = unnormalised(from_linen(module, name="belief_net"), mean=scale.mean, std=scale.std)
    sizes = (math.prod(module.input_shape), *module.hidden_sizes)
    names = tuple(machine_name(number) for number in range(1, len(sizes)))
    code_units = GAUSSIAN if module.linear_code else BINARY

    def visible(inputs: Array) -> Array:
        if inputs.shape[1:] != module.input_shape:
            raise InputError(
                f"the belief net was built for inputs of {module.input_shape}, these are "
                f"{inputs.shape[1:]}"
            )
        return scale.undo(inputs).reshape(inputs.shape[0], -1)

    def encode(params: Params, inputs: Array) -> Array:
        return module.apply({"params": params}, visible(inputs), method="encode")  # type: ignore[return-value]

    def decode(params: Params, code: Array) -> Array:
        return scale.apply(module.apply({"params": params}, code, method="decode"))  # type: ignore[arg-type]

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Array,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        return decode(params, encode(params, inputs)), model_state, carry

    def chains(rows: int) -> Carry:
        return {name: jnp.zeros((rows, size)) for name, size in zip(names, sizes[:-1], strict=True)}

    return BeliefNet(
        inner.name,
        inner.init,
        apply,
        inner.trace,
        inner.activations,
        initial_carry=chains if persistent else None,
        always_carries=persistent,
        encode=encode,
        decode=decode,
        jacobian_norm=estimated_norm(encode),
        visible=visible,
        machines=names,
        units=(*(BINARY,) * (len(names) - 1), code_units),
    )
