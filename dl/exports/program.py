"""A trained net as one program in StableHLO, from raw inputs to answers, for any batch size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from dl.data.gather import normalize
from dl.errors import InputError, first_line
from dl.exports.ports import Port, as_arguments, as_inputs, input_ports, output_ports
from dl.layers.portable import plain_operations
from dl.layers.precision import computing_in, in_float32
from dl.train.names import by_path
from dl.train.network import Network
from dl.types import OF_TRAINING, Array, Autoencoder

PLATFORMS = ("cpu", "cuda", "tpu")
Parameters: TypeAlias = dict[str, Any]
"""Arrays by the path of the leaf: `params/conv1/kernel`, `model_state/batch_stats/norm/mean`."""
Forward: TypeAlias = Callable[..., dict[str, Array]]
"""`forward(parameters, *inputs) -> answers by name`."""


@dataclass(frozen=True)
class Program:
    """A net as a program, its parameters, and what goes in and comes out.

    The first argument of the program is `parameters`, so that they lie in a file of their own; the
    others are `inputs`, in order. It gives a dictionary of `outputs`.
    """

    exported: export.Exported
    parameters: Parameters
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def arguments(self) -> list[str]:
        """The arguments of the StableHLO in order: platform, used parameters, inputs."""
        names = [*sorted(self.parameters), *(port.name for port in self.inputs)]
        return ["platform", *(names[place] for place in self.exported.module_kept_var_idx)]


def make_program(network: Network) -> Program:
    """The program of a trained net, with its preprocessing, for CPU, CUDA and TPU.

    The batch has any size. So has a sequence, unless the net's own computation depends on the
    length, as that of spectra does: then it is the longest of the data.

    Raises:
        InputError: for a net without a description of its data, one whose computation depends on
            the batch size, and parameters that are no arrays of numbers.

    >>> import dl
    >>> model = dl.models.mlp(3)
    >>> spec = dl.DataSpec("points", "classification", (4,), "float32", ("a", "b", "c"), 100)
    >>> net = dl.Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 4))), spec)
    >>> program = make_program(net)
    >>> [port[:2] for port in program.outputs]
    [('outputs', ('batch', 3)), ('probabilities', ('batch', 3))]
    >>> answers = program.exported.call(program.parameters, jnp.ones((5, 4)))
    >>> bool(jnp.allclose(answers["probabilities"], net.probabilities(np.ones((5, 4))), atol=1e-6))
    True
    """
    parameters = parameters_of(network)
    forward = make_forward(network)
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), parameters)
    failures = []
    for any_length in (True, False):
        ports = input_ports(network.described, any_length=any_length)
        try:
            exported = export.export(jax.jit(forward), platforms=PLATFORMS)(
                shapes, *as_arguments(ports)
            )
        except InputError:
            raise
        except Exception as error:  # whatever a model does with a size that is no number
            failures.append(error)
            continue
        outputs = jax.tree.unflatten(exported.out_tree, exported.out_avals)
        return Program(exported, parameters, ports, output_ports(outputs, network.described))
    raise InputError(
        f"{network.model.name} cannot be exported for any batch size "
        f"({first_line(failures[-1])}): let its computation ask for shapes alone, as x.shape[0] "
        "in the place of len(x) and of comparisons"
    )


def parameters_of(network: Network) -> Parameters:
    """The arrays of a trained net by their paths, without those that only a training needs.

    Raises:
        InputError: for leaves that are no arrays of numbers, such as random keys.
    """
    leaves = by_path(_tree_of(network))
    for name, leaf in leaves.items():
        if jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.extended):
            raise InputError(
                f"{name} of {network.model.name} is {leaf.dtype}, which is no number: files hold "
                "numbers alone"
            )
    return {name: np.asarray(leaf) for name, leaf in leaves.items()}


def _tree_of(network: Network) -> dict[str, Any]:
    state = network.model_state
    if isinstance(state, dict):
        state = {name: part for name, part in state.items() if name not in OF_TRAINING}
    return {"params": network.params, "model_state": state}


def make_forward(network: Network) -> Forward:
    """The pure function `forward(parameters, *inputs)` of a trained net, from raw inputs on."""
    spec, model, tree = network.described, network.model, _tree_of(network)
    names, structure = [*by_path(tree)], jax.tree.structure(tree)

    def forward(parameters: Parameters, *inputs: Array) -> dict[str, Array]:
        own = jax.tree.unflatten(structure, [parameters[name] for name in names])
        params, state = own["params"], own["model_state"]
        if isinstance(state, dict):  # what belongs to the training is passed on, and not read
            state = {**network.model_state, **state}
        ready = normalize(as_inputs(inputs, spec), spec)
        with plain_operations(), computing_in(network.precision):
            outputs = in_float32(model.apply(params, state, ready)[0])
            if isinstance(model, Autoencoder):
                return {"reconstruction": outputs, "code": in_float32(model.encode(params, ready))}
        to_probabilities = spec.kind.probabilities
        if to_probabilities is None:
            return {"outputs": outputs}
        return {"outputs": outputs, "probabilities": to_probabilities(outputs)}

    return forward
