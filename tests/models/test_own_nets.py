"""Nets of one's own as models: linen modules, NNX modules, two functions."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax import nnx

import dl
from dl.errors import InputError
from dl.types import Model

INPUTS = jax.random.normal(jax.random.key(7), (6, 4))
ROW = jax.ShapeDtypeStruct((1, 4), jnp.float32)


class LinenNet(nn.Module):
    """Batch norm and dropout; its call is told of training as in Flax's own examples."""

    outputs: int = 2

    @nn.compact
    def __call__(self, inputs: Any, train: bool) -> Any:
        hidden = nn.Dense(8, name="hidden")(inputs.reshape(inputs.shape[0], -1))
        hidden = nn.relu(nn.BatchNorm(use_running_average=not train, name="norm")(hidden))
        hidden = nn.Dropout(0.5, deterministic=not train)(hidden)
        return nn.Dense(self.outputs, name="output")(hidden)


class NNXNet(nnx.Module):
    """The same as an NNX module."""

    def __init__(self, inputs: int, outputs: int = 2, *, rngs: nnx.Rngs) -> None:
        self.hidden = nnx.Linear(inputs, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.output = nnx.Linear(8, outputs, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        hidden = self.hidden(inputs.reshape(inputs.shape[0], -1))
        return self.output(self.dropout(nnx.relu(self.norm(hidden))))


def affine_init(key: Any, inputs: Any, *, outputs: int = 2) -> dict[str, Any]:
    size = int(np.prod(inputs.shape[1:]))
    return {"W": 0.1 * jax.random.normal(key, (size, outputs)), "b": jnp.zeros(outputs)}


def affine(params: dict[str, Any], inputs: Any) -> Any:
    return inputs.reshape(inputs.shape[0], -1) @ params["W"] + params["b"]


def normalised_init(key: Any, inputs: Any, *, outputs: int = 2) -> tuple[Any, Any]:
    mean = jnp.zeros(int(np.prod(inputs.shape[1:])))
    return affine_init(key, inputs, outputs=outputs), {"mean": mean}


def normalised(params, model_state, inputs, *, train, key, carry):
    """The full form: a running mean and dropout of the inputs."""
    flat = inputs.reshape(inputs.shape[0], -1)
    mean = flat.mean(axis=0) if train else model_state["mean"]
    if train:
        model_state = {"mean": 0.9 * model_state["mean"] + 0.1 * mean}
        flat = flat * jax.random.bernoulli(key, 0.5, flat.shape) * 2
    return affine(params, flat - mean), model_state, carry


def noisy(params: dict[str, Any], inputs: Any, train: bool, key: Any) -> Any:
    """The short form with dropout of the inputs."""
    kept = jax.random.bernoulli(key, 0.5, inputs.shape) * 2 if train else 1.0
    return affine(params, inputs * kept)


def linen_net(outputs: int = 2, **_: int) -> Model:
    return dl.from_linen(LinenNet(outputs))


def made_by_a_function(outputs: int = 2, inputs: int = 4) -> Model:
    return dl.from_nnx(lambda rngs: NNXNet(inputs, outputs, rngs=rngs))


def made_already(outputs: int = 2, inputs: int = 4) -> Model:
    return dl.from_nnx(NNXNet(inputs, outputs, rngs=nnx.Rngs(3)))


def short_form(outputs: int = 2, **_: int) -> Model:
    return dl.from_functions(partial(affine_init, outputs=outputs), noisy)


def full_form(outputs: int = 2, **_: int) -> Model:
    return dl.from_functions(partial(normalised_init, outputs=outputs), normalised)


BUILDERS = [linen_net, made_by_a_function, made_already, short_form, full_form]
every_net = pytest.mark.parametrize("build", BUILDERS)
every_stateful_net = pytest.mark.parametrize(
    "build", [linen_net, made_by_a_function, made_already, full_form]
)


@pytest.mark.parametrize(
    "build", [linen_net, *(pytest.param(build, marks=pytest.mark.slow) for build in BUILDERS[1:])]
)
def test_a_net_of_one_s_own_learns_digits_in_a_few_steps(build: Any) -> None:
    model = build(10, inputs=28 * 28)
    data = dl.load_data("digits", validation=0.2)
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.02))
    options = dl.TrainOptions(epochs=3, batch_size=64, devices=1, log_every=6, steps_per_call=6)
    history = dl.fit(recipe, data, options, progress=False).history
    losses = [record.values["loss"] for record in history if record.split == "train"]
    assert losses[-1] < 0.7 * losses[0]
    assert [r for r in history if r.split == "validation"][-1].values["accuracy"] > 0.5


@every_net
def test_dropout_follows_the_key_and_is_off_in_evaluation(build: Any) -> None:
    model = build()
    params, model_state = model.init(jax.random.key(0), INPUTS)
    apply = partial(model.apply, params, model_state, INPUTS)
    first, again, other = (apply(train=True, key=jax.random.key(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert bool((first != other).any())
    np.testing.assert_array_equal(apply()[0], apply(key=jax.random.key(1))[0])


@every_stateful_net
def test_statistics_move_in_training_alone(build: Any) -> None:
    model = build()
    params, before = model.init(jax.random.key(0), INPUTS)
    _, trained, carry = model.apply(params, before, INPUTS, train=True, key=jax.random.key(1))
    assert carry == ()
    assert jax.tree.structure(trained) == jax.tree.structure(before)
    jax.tree.map(lambda a, b: np.testing.assert_equal(bool((a != b).any()), True), before, trained)
    after = model.apply(params, trained, INPUTS)[1]
    jax.tree.map(np.testing.assert_array_equal, after, trained)


def assert_same_function(model: Model, by_hand: Any, params: Any, model_state: Any) -> None:
    """Outputs and gradients are those of `by_hand(params)`, in evaluation."""
    outputs, vjp = jax.vjp(lambda params: model.apply(params, model_state, INPUTS)[0], params)
    expected, vjp_by_hand = jax.vjp(by_hand, params)
    np.testing.assert_allclose(outputs, expected, rtol=1e-6, atol=1e-6)
    close = partial(np.testing.assert_allclose, rtol=1e-6, atol=1e-6)
    jax.tree.map(close, vjp(expected), vjp_by_hand(expected))


def test_a_linen_module_is_the_same_function_as_by_hand() -> None:
    model, module = linen_net(), LinenNet()
    params, model_state = model.init(jax.random.key(0), INPUTS)

    def by_hand(params):
        return module.apply({"params": params, **model_state}, INPUTS, train=False)

    assert_same_function(model, by_hand, params, model_state)
    assert model.name == "linennet"
    assert [row.name for row in model.layers(ROW)][-1] == "output"
    assert model.activations is not None
    assert list(model.activations(params, model_state, INPUTS))[-1] == "output"


@pytest.mark.parametrize("build", [made_by_a_function, made_already])
def test_an_nnx_module_is_the_same_function_as_by_hand(build: Any) -> None:
    model = build()
    params, model_state = model.init(jax.random.key(0), INPUTS)

    def by_hand(params):
        module = NNXNet(4, rngs=nnx.Rngs(0))
        nnx.update(module, params)
        nnx.update(module, model_state["batch_stats"])
        module.eval()
        return module(INPUTS)

    assert_same_function(model, by_hand, params, model_state)
    (row,) = model.layers(ROW)
    assert (row.output_shape, row.parameters) == ((2,), dl.count_parameters(params))


def test_an_nnx_module_made_already_keeps_its_values_and_stays_as_it_is() -> None:
    module = NNXNet(4, rngs=nnx.Rngs(3))
    model, before = dl.from_nnx(module, name="mine"), nnx.to_pure_dict(nnx.state(module, nnx.Param))
    for seed in (0, 1):
        params, model_state = model.init(jax.random.key(seed), INPUTS)
        jax.tree.map(np.testing.assert_array_equal, params, before)
    model.apply(params, model_state, INPUTS, train=True, key=jax.random.key(0))
    np.testing.assert_array_equal(module.norm.mean[...], 0.0)
    assert model.name == "mine"
    drawn = [made_by_a_function().init(jax.random.key(seed), INPUTS)[0] for seed in (0, 1)]
    assert bool((drawn[0]["hidden"]["kernel"] != drawn[1]["hidden"]["kernel"]).any())


def test_two_functions_are_called_as_they_are() -> None:
    model = dl.from_functions(affine_init, affine, name="affine")
    params, model_state = model.init(jax.random.key(0), INPUTS)
    assert (model.name, model_state) == ("affine", {})
    assert_same_function(model, lambda params: affine(params, INPUTS), params, model_state)
    counter = dl.from_functions(
        lambda key, inputs: ({}, {}),
        lambda params, model_state, inputs, *, train, key, carry: (inputs, {}, carry + 1),
        initial_carry=jnp.zeros,
    )
    assert counter.apply({}, {}, INPUTS, carry=counter.zero_carry(2))[2].tolist() == [1.0, 1.0]


class Told(nn.Module):
    """Modules name the argument in several ways."""

    @nn.compact
    def __call__(self, inputs: Any, deterministic: bool) -> Any:
        return nn.Dropout(0.5)(inputs, deterministic=deterministic)


class Noise(nn.Module):
    """Draws from a stream with a name of its own."""

    @nn.compact
    def __call__(self, inputs: Any, training: bool = False) -> Any:
        return inputs + jax.random.normal(self.make_rng("noise"), inputs.shape) * training


@pytest.mark.parametrize("module", [Told(), Noise()], ids=["deterministic", "training"])
def test_other_names_for_training_and_for_streams_are_understood(module: nn.Module) -> None:
    apply = partial(dl.from_linen(module).apply, {}, {}, INPUTS)
    first, other = (apply(train=True, key=jax.random.key(seed))[0] for seed in (1, 2))
    assert bool((first != other).any())
    np.testing.assert_array_equal(apply(key=jax.random.key(1))[0], INPUTS)


class Always(nn.Module):
    """Batch norm that is never told of evaluation."""

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        return nn.BatchNorm(use_running_average=False)(inputs)


def test_statistics_that_change_in_evaluation_too_are_refused() -> None:
    model = dl.from_linen(Always())
    params, model_state = model.init(jax.random.key(0), INPUTS)
    with pytest.raises(InputError, match="Always changes its batch_stats in evaluation too: let"):
        model.apply(params, model_state, INPUTS)


WRONG: dict[str, Any] = {
    r"Dense is a class: give Dense\(\.\.\.\)": lambda: dl.from_linen(nn.Dense),
    "not NNXNet: an NNX module goes to from_nnx": lambda: dl.from_linen(
        NNXNet(4, rngs=nnx.Rngs(0))
    ),
    "not Dense: see from_linen": lambda: dl.from_nnx(nn.Dense(3)),
    "not int: see from_functions": lambda: dl.from_nnx(3),
    r"does not fit \(missing.*lambda rngs: Net": lambda: dl.from_nnx(NNXNet),
    "makes a Dense, not a flax.nnx module": lambda: dl.from_nnx(lambda rngs: nn.Dense(3)).init(
        jax.random.key(0), INPUTS
    ),
    r"init must take \(key, inputs\), not \(key\)": lambda: dl.from_functions(
        lambda key: {}, affine
    ),
    r"apply must be apply\(params, inputs\) or .* takes \(inputs\)": lambda: dl.from_functions(
        affine_init, lambda inputs: inputs
    ),
    r"takes \(params, inputs, \*, carry\)": lambda: dl.from_functions(
        affine_init, lambda params, inputs, *, carry: inputs
    ),
    r"takes \(params, model_state, inputs\)": lambda: dl.from_functions(
        affine_init, lambda params, model_state, inputs: inputs
    ),
    r"init must return \(params, model_state\) in the full form, not a dict": lambda: (
        dl.from_functions(affine_init, normalised).init(jax.random.key(0), INPUTS)
    ),
    r"apply must return \(outputs, model_state, carry\).*not a tuple of 2": lambda: (
        dl.from_functions(
            normalised_init, lambda params, model_state, inputs, **_: (inputs, model_state)
        ).apply({}, {}, INPUTS)
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_nets_of_the_wrong_kind_are_refused_with_what_to_do(message: str) -> None:
    with pytest.raises(InputError, match=message):
        WRONG[message]()
