"""The table of models that every invariant is tried on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dl
from dl import models, objectives, optimizers
from dl.layers.blocks import batch_norm
from dl.models.functional import from_linen
from dl.models.googlenet import Widths
from dl.models.resnet import ResNet
from dl.types import Array, Autoencoder, Model, ModelState, Objective, Pair, Params, Ragged


@cache
def compiled_init(model: Model) -> Any:
    """`init`, with little optimisation: it runs once or twice."""
    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(model.init, compiler_options=options)


@cache
def compiled_apply(model: Model) -> Any:
    return jax.jit(model.apply, static_argnames="train")


@dataclass(frozen=True)
class Case:
    """A model, what goes in, what comes out, how many parameters, and how it is trained."""

    name: str
    build: Callable[..., Model]
    model: Model
    input_shape: tuple[int, ...]
    outputs: int
    parameters: int | None
    bind: Callable[[Model], Objective]
    optimizer: optax.GradientTransformation
    zero_start: bool = False
    zeros: str = ""
    """Layers that begin as zeros, so that those before them move from the second step on."""
    heads: tuple[str, ...] = ()
    """The layers that give the outputs, if it is not the last one alone."""
    normalised: bool = False
    reconstructs: bool = False

    step_targets: ClassVar[bool] = False

    @property
    def binary(self) -> bool:
        return self.model.name in ("perceptron", "logistic_regression")

    @property
    def output_shape(self) -> tuple[int, ...]:
        return self.input_shape if self.reconstructs else (self.outputs,)

    @property
    def objective(self) -> Objective:
        return self.bind(self.model)

    def objective_of(self, outputs: Array) -> Objective:
        """The objective of a model that has answered already."""
        if self.reconstructs:
            halves = {
                "encode": lambda params, inputs: inputs,
                "decode": lambda params, code: outputs,
            }
            return self.bind(
                Autoencoder("answered", None, None, None, **halves, jacobian_norm=None)
            )
        return self.bind(
            Model("answered", None, lambda params, state, inputs, **_: (outputs, state, ()), None)
        )

    def inputs(self, size: int) -> Any:
        """Random inputs of `size` examples."""
        return self._random(size)[2].astype(np.float32)

    def targets(self, size: int) -> np.ndarray:
        """Random labels of `size` examples."""
        bits, classes, _ = self._random(size)
        return bits.astype(np.float32) if self.binary else classes.astype(np.int32)

    def _random(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bits, classes and inputs."""
        rng = np.random.default_rng(0)
        bits = rng.integers(0, 2, (size, self.outputs))
        return bits, rng.integers(0, self.outputs, size), rng.normal(size=(size, *self.input_shape))

    def batch(self, size: int = 8) -> dict[str, Any]:
        """Random inputs with random labels: nothing but learning by heart fits them."""
        targets = self.targets(size)
        steps = targets.shape if self.step_targets else size
        return {
            "inputs": self.inputs(size),
            "targets": targets,
            "mask": np.ones(steps, np.float32),
            "index": np.arange(size, dtype=np.int32),
        }

    def example(self, batch_size: int = 1) -> Any:
        """The shapes of the inputs."""
        return jax.eval_shape(lambda: jax.tree.map(jnp.asarray, self.inputs(batch_size)))

    def moved(self, inputs: Any) -> Any:
        """The inputs [8, ...] with the first three at the end, behind others."""
        return np.concatenate([10 * inputs[3:], inputs[:3]])

    def shapes(self, batch_size: int = 1) -> Any:
        """Shapes of the parameters and of the state, without any program."""
        return jax.eval_shape(self.model.init, jax.random.key(0), self.example(batch_size))

    def init(self, seed: int = 0) -> tuple[Params, ModelState]:
        # XLA's own generator: JAX's takes most of the time that it takes to compile a net's
        # initialisers.
        key = jax.random.key(seed, impl="rbg")
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self.example())
        return compiled_init(self.model)(key, zeros)


@dataclass(frozen=True)
class PairCase(Case):
    """A model that reads one sequence and predicts the symbols of another."""

    step_targets: ClassVar[bool] = True
    steps: ClassVar[int] = 3

    def inputs(self, size: int) -> Pair:
        """Symbols of several lengths, and the symbols before the targets."""
        rng = np.random.default_rng(0)
        values = rng.integers(0, self.outputs, (size, *self.input_shape)).astype(np.int32)
        lengths = rng.integers(1, self.input_shape[0] + 1, size).astype(np.int32)
        lengths[-1] = self.input_shape[0]
        previous = np.pad(self.targets(size)[:, :-1], ((0, 0), (1, 0)))
        return Pair(Ragged(values, lengths), previous)

    def targets(self, size: int) -> np.ndarray:
        """Random symbols."""
        shape = size, self.steps
        return np.random.default_rng(1).integers(0, self.outputs, shape).astype(np.int32)

    def moved(self, inputs: Pair) -> Pair:
        """The first three at the end, behind others of other values."""
        changed = inputs._replace(source=inputs.source._replace(values=inputs.source.values[::-1]))
        return jax.tree.map(lambda x, y: np.concatenate([x[3:], y[:3]]), changed, inputs)

    @property
    def output_shape(self) -> tuple[int, ...]:
        return self.steps, self.outputs


@dataclass(frozen=True)
class HeardCase(Case):
    """A model that writes down what it hears: log-odds [F, K + 1] of waveforms [N]."""

    def inputs(self, size: int) -> Ragged:
        """Noise of several lengths."""
        rng = np.random.default_rng(0)
        values = rng.normal(scale=0.1, size=(size, *self.input_shape)).astype(np.float32)
        lengths = rng.integers(self.input_shape[0] // 2, self.input_shape[0] + 1, size)
        lengths[-1] = self.input_shape[0]
        real = np.arange(self.input_shape[0]) < lengths[:, None]
        return Ragged(np.where(real, values, np.float32(0)), lengths.astype(np.int32))

    def targets(self, size: int) -> Any:
        """One or two random labels."""
        rng = np.random.default_rng(1)
        values = rng.integers(0, self.outputs - 1, (size, 2)).astype(np.int32)
        return Ragged(values, rng.integers(1, 3, size).astype(np.int32))

    def moved(self, inputs: Ragged) -> Ragged:
        """The first three at the end, behind others of other values."""
        changed = inputs._replace(values=inputs.values[:, ::-1])
        return jax.tree.map(lambda x, y: np.concatenate([x[3:], y[:3]]), changed, inputs)

    @property
    def output_shape(self) -> tuple[int, ...]:
        return 1 + -(-(self.input_shape[0] - 200) // 80), self.outputs


class CaptionCase(PairCase):
    """A model that reads a picture and predicts the symbols of a caption."""

    def inputs(self, size: int) -> Pair:
        """Pictures, and the symbols before the targets."""
        pictures = np.random.default_rng(0).normal(size=(size, *self.input_shape))
        previous = np.pad(self.targets(size)[:, :-1], ((0, 0), (1, 0)))
        return Pair(pictures.astype(np.float32), previous)

    def moved(self, inputs: Pair) -> Pair:
        """The first three at the end, behind others."""
        changed = inputs._replace(source=-inputs.source)
        return jax.tree.map(lambda x, y: np.concatenate([x[3:], y[:3]]), changed, inputs)


class RatingCase(Case):
    """A model that predicts the rating of an item by a user, int32 pairs."""

    def inputs(self, size: int) -> np.ndarray:
        """Users and items, each a few times."""
        return np.random.default_rng(0).integers(0, 6, (size, 2)).astype(np.int32)

    def targets(self, size: int) -> np.ndarray:
        """Random ratings from 1 to 5."""
        ratings = np.random.default_rng(1).integers(1, 6, (size, 1))
        return ratings.astype(np.float32)

    def moved(self, inputs: np.ndarray) -> np.ndarray:
        """The first three at the end, behind others."""
        return np.concatenate([inputs[3:] % 3, inputs[:3]])


class HistoryCase(Case):
    """A model that reads what a user took, and tells what the user takes next."""

    def inputs(self, size: int) -> np.ndarray:
        """Histories without the targets."""
        taken = np.random.default_rng(0).random((size, self.outputs)) < 0.4
        taken[np.arange(size), self.targets(size)] = False
        return taken.astype(np.float32)

    def objective_of(self, outputs: Array) -> Objective:
        """The objective of a model that has answered already."""
        answered = Model("answered", None, lambda *_, **__: (outputs, {}, ()), None)
        return self.objective.rebind(answered)

    def moved(self, inputs: np.ndarray) -> np.ndarray:
        """The first three at the end, behind others."""
        return np.concatenate([1 - inputs[3:], inputs[:3]])


@cache
def compiled_step(case: Case) -> Any:
    return jax.jit(dl.make_train_step(case.objective, case.optimizer))


def first_state(case: Case) -> dl.TrainState:
    params, model_state = case.init()
    opt_state = case.optimizer.init(params)
    state = dl.TrainState(jnp.int32(0), jax.random.key(0), params, model_state, opt_state)
    # Bound to a device, as a restored state is: for one that is not the step would be compiled a
    # second time.
    return jax.device_put(state, jax.devices()[0])


def case(
    name: str,
    build: Callable[..., Model],
    shape: tuple[int, ...],
    outputs: int,
    *,
    of: type[Case] = Case,
    **options: Any,
) -> Any:
    options = {
        "parameters": None,
        "bind": objectives.classification,
        "optimizer": optimizers.adam(3e-3),
        **options,
    }
    return pytest.param(of(name, build, build(), shape, outputs, **options), id=name)


PICTURE = (28, 28, 1)
# The counts are the lectures' and the papers': E8, E9, W x + b for one layer, C1 for 3 -> 4 -> 1.
# Eight random points in 20 and more dimensions are linearly separable: the single layers over-fit
# them too.
FLAT = [
    case(
        "perceptron",
        partial(models.perceptron, 3),
        (20,),
        3,
        parameters=3 * (20 + 1),
        bind=objectives.perceptron,
        optimizer=optimizers.sgd(1.0),
        zero_start=True,
    ),
    case(
        "logistic_regression",
        partial(models.logistic_regression, 2),
        (20,),
        2,
        parameters=2 * (20 + 1),
        bind=objectives.binary,
        optimizer=optimizers.adam(0.3),
        zero_start=True,
    ),
    case(
        "softmax_regression",
        partial(models.softmax_regression, 10),
        PICTURE,
        10,
        parameters=7_850,
        zero_start=True,
    ),
    case("mlp", partial(models.mlp, 10), PICTURE, 10, parameters=101_770),
    case(
        "mlp_c1",
        partial(models.mlp, 2, hidden_sizes=(32, 16)),
        (3,),
        2,
        parameters=32 * 4 + 16 * 33 + 2 * 17,
        optimizer=optimizers.adam(0.03),
    ),
    # The norm has a scale and a shift for each unit, in the place of the bias.
    case(
        "mlp_normalised",
        partial(models.mlp, 2, hidden_sizes=(32, 16), batch_normalised=True),
        (3,),
        2,
        parameters=32 * 3 + 2 * 32 + 16 * 32 + 2 * 16 + 2 * 17,
        optimizer=optimizers.adam(0.03),
        normalised=True,
    ),
]
LENETS = [
    case("lenet", models.lenet, PICTURE, 10, parameters=431_080),
    case("lenet5", models.lenet5, PICTURE, 10, parameters=61_706),
    case(
        "lenet5_1998",
        partial(models.lenet5, variant="1998"),
        PICTURE,
        10,
        parameters=60_000,
        bind=objectives.maximum_a_posteriori,
    ),
    case(
        "policy_net",
        partial(models.policy_net, 7, features=8, layers=2),
        (6, 7, 2),
        7,
        parameters=(9 * 2 + 1) * 8 + (9 * 8 + 1) * 8 + (6 * 7 * 8 + 1) * 7,
        optimizer=optimizers.adam(0.03),
    ),
]


def residual(blocks: tuple[int, ...], features: tuple[int, ...], **kind: Any) -> Model:
    """A ResNet with fewer blocks than any published one."""
    return from_linen(ResNet(5, blocks, features, norm=batch_norm(), **kind), name="resnet")


SMALL_PICTURE = (16, 16, 3)
ALEXNET = {"small": True, "features": (4, 8, 8, 8, 4), "hidden_sizes": (16, 16), "dropout": 0.0}
# One convolution and a pooling, then two: what all the stages of a VGG are made of.
VGG = {"convolutions": (1, 2), "features": (4, 8), "hidden_sizes": (16,), "dropout": 0.0}
INCEPTION = Widths(4, 4, 4, 4, 4, 4)
GOOGLENET = {"small": True, "dropout": 0.0}


def member(name: str, builder: Callable[..., Model], *arguments: Any, **options: Any) -> Any:
    """A narrow member of a family, 5 classes of small pictures."""
    training = {name: options.pop(name) for name in ("normalised", "optimizer") if name in options}
    training = {"optimizer": optimizers.adam(0.01), **training}
    return case(name, partial(builder, *arguments, **options), SMALL_PICTURE, 5, **training)


NORMALISED = [
    member("vgg_normalised", models.vgg, 11, 5, batch_normalised=True, normalised=True, **VGG),
    member(
        "googlenet_normalised_with_heads",
        models.googlenet,
        5,
        stages=((), (INCEPTION,) * 3),
        auxiliary=True,
        auxiliary_dropout=0.0,
        width=0.75,
        batch_normalised=True,
        normalised=True,
        **GOOGLENET,
    ),
    member("resnet_basic", residual, (1, 1), (4, 8), normalised=True),
    member(
        "resnet_bottleneck",
        residual,
        (1, 1),
        (4, 8),
        bottleneck=True,
        large_stem=True,
        normalised=True,
    ),
    member("cifar_resnet", models.cifar_resnet, 8, 5, features=(4, 6, 8), normalised=True),
]
PLAIN = [
    member("alexnet", models.alexnet, 5, **ALEXNET),
    member("alexnet_two_towers", models.alexnet, 5, towers=2, local_norm=True, **ALEXNET),
    member("vgg", models.vgg, 11, 5, **VGG),
    member("nin", models.nin, 5, small=True, width=0.1, dropout=0.0),
    member("googlenet", models.googlenet, 5, stages=((INCEPTION,), (INCEPTION,)), **GOOGLENET),
]


def reader(name: str, kind: str, shape: tuple[int, ...], parameters: int, **options: Any) -> Any:
    """A recurrent net of 8 units that reads a sequence to its end and tells 5 classes."""
    build = partial(models.sequence_model, kind, 5, hidden_size=8, **options)
    return case(name, build, shape, 5, parameters=parameters, optimizer=optimizers.adam(0.03))


RECURRENT = [
    reader("lstm", "lstm", (6, 3), 4 * 8 * (3 + 8 + 1) + 5 * (8 + 1)),
    reader(
        "gru_both_ways",
        "gru_reset_after",
        (6, 3),
        # The recurrent product of the third gate has a bias of its own; a norm has a scale and a
        # shift.
        2 * (24 * (3 + 8 + 1) + 8) + 2 * (24 * (16 + 8 + 1) + 8) + 2 * 2 * 16 + 5 * (16 + 1),
        num_layers=2,
        bidirectional=True,
        layer_norm=True,
    ),
    reader("rnn_of_rows", "rnn", (6, 6, 2), 8 * (12 + 8 + 1) + 5 * (8 + 1), pool="mean"),
    case(
        "spoken_word",
        partial(
            models.spoken_word_model,
            "gru",
            5,
            sample_rate=8000,
            hidden_size=24,
            filters=12,
            stack=2,
        ),
        (900,),
        5,
        parameters=2 * 72 * (24 + 24) + 5 * (48 + 1),
        optimizer=optimizers.adam(0.03),
    ),
    case(
        "acoustic",
        partial(
            models.acoustic_model,
            "lstm",
            4,
            sample_rate=8000,
            hidden_size=8,
            num_layers=1,
            filters=12,
        ),
        (900,),
        4,
        of=HeardCase,
        parameters=2 * 32 * (12 + 8 + 1) + 4 * (16 + 1),
        bind=objectives.transcription,
        optimizer=optimizers.adam(0.03),
    ),
]


def autoencoder(
    name: str, build: Callable[..., Any], shape: tuple[int, ...], parameters: int, **options: Any
) -> Any:
    """An auto-encoder of a code as long as the batch: it can learn by heart."""
    training = {
        "bind": objectives.autoencoding,
        "optimizer": optimizers.adam(0.03),
        "reconstructs": True,
    }
    build = partial(build, shape, code_size=8, **options)
    outputs = shape[-1] if len(shape) == 3 else shape[0]
    return case(name, build, shape, outputs, parameters=parameters, **training)


AUTOENCODERS = [
    autoencoder(
        "autoencoder",
        models.autoencoder,
        (12,),
        (13 * 16 + 17 * 8) + (9 * 16 + 17 * 12),
        hidden_sizes=(16,),
    ),
    # The decoder has the encoder's weights and biases of its own.
    autoencoder("autoencoder_tied", models.autoencoder, (12,), 12 * 8 + 8 + 12, tied=True),
    autoencoder(
        "conv_autoencoder",
        models.conv_autoencoder,
        (4, 4, 1),
        (9 * 1 * 16 + 16) + (64 * 8 + 8 + 8 * 64 + 64) + (9 * 16 * 1 + 1),
        features=(16,),
    ),
    case(
        "belief_net",
        partial(
            models.belief_net,
            (12,),
            (8,),
            linear_code=True,
            mean=(0.5,),  # random inputs become probabilities
            std=(0.1,),
            kernel_init=jax.nn.initializers.glorot_normal(),
        ),
        (12,),
        12,
        parameters=12 * 8 + 8 + 12,
        bind=objectives.autoencoding,
        optimizer=optimizers.adam(0.1),
        reconstructs=True,
    ),
]


def writer(name: str, kind: str, parameters: int, **options: Any) -> Any:
    """An encoder-decoder of 8 units, of sources of 6 symbols and targets of 3, all out of 5."""

    def build() -> Model:
        sizes = {"kind": kind, "hidden_size": 8, "embedding_size": 8}
        attended = options.get("attention") != "none"
        encoder = models.text_encoder(5, attended=attended, **sizes)
        return models.encoder_decoder(encoder, 5, **sizes, **options)

    training = {"bind": objectives.next_symbol, "optimizer": optimizers.adam(0.03)}
    return case(name, build, (6,), 5, of=PairCase, parameters=parameters, **training)


# Two directions, their embedding, the first state from both, the decoder's own embedding.
_LSTM_ENDS = 2 * 32 * (8 + 8 + 1) + 5 * 8 + 16 * (2 * 16 + 1) + 5 * 8
_GRU_MEAN = 2 * 24 * (8 + 8) + 5 * 8 + 8 * (16 + 1) + 5 * 8
WRITERS = [
    # Keys, the cell with what is fed to it, what is combined, query and direction, output.
    writer(
        "attention_additive",
        "gru",
        _GRU_MEAN + 16 * 8 + 24 * (8 + 8 + 8) + 24 * 8 + 8 * 8 + 8 + 5 * (8 + 1),
    ),
    writer(
        "attention_multiplicative",
        "lstm",
        _LSTM_ENDS - 16 * 16 + 16 * 8 + 32 * (8 + 8 + 8 + 1) + 24 * 8 + 5,
        attention="multiplicative",
        tied=True,
    ),
    writer(
        "encoder_decoder", "lstm", _LSTM_ENDS + 32 * (8 + 8 + 1) + 5 * (8 + 1), attention="none"
    ),
]
# Convolutions and their norms, places, the decoder's embedding, first state, keys, cell, what is
# combined, query and direction, output.
CAPTIONERS = [
    case(
        "captioner",
        partial(models.captioner, 5, features=(4, 6), hidden_size=8, embedding_size=8),
        (8, 8, 1),
        5,
        of=CaptionCase,
        parameters=(25 * 4 + 9 * 4 * 6 + 9 * 6 * 6 + 2 * (4 + 6 + 6) + 4 * 6)
        + (5 * 8 + 16 * (6 + 1) + 6 * 8 + 32 * (8 + 8 + 8 + 1) + 14 * 8 + 8 * 8 + 8 + 5 * (8 + 1)),
        bind=objectives.next_symbol,
        optimizer=optimizers.adam(0.03),
        normalised=True,
    )
]
# Stem, a block of two convolutions, the maps of both heads and their dense layers.
_HEAD = 4 * (4 + 1)
BOARDS = [
    case(
        "board_net",
        partial(models.board_net, 4, features=4, blocks=1, hidden_size=8),
        (4, 5, 2),
        5,
        parameters=(9 * 2 + 1) * 4 + 2 * (9 * 4 + 1) * 4 + 2 * _HEAD + 81 * 4 + 81 * 8 + 9,
        zeros="conv2",
        heads=("policy", "value"),
    ),
    case(
        "policy_net",
        partial(models.policy_net, 5, features=4, layers=2),
        (4, 5, 2),
        5,
        parameters=(9 * 2 + 1) * 4 + (9 * 4 + 1) * 4 + 81 * 5,
    ),
]
_OF_RATINGS = {"mean": 3.0, "scale": (1.0, 5.0)}
RECOMMENDERS = [
    case(
        "factorisation",
        partial(models.factorisation, 6, 7, factors=4, **_OF_RATINGS),
        (2,),
        1,
        of=RatingCase,
        parameters=(6 + 7) * (1 + 4),
        bind=objectives.ratings,
        optimizer=optimizers.adam(0.1),
    ),
    case(
        "neural_factorisation",
        partial(models.neural_factorisation, 6, 7, factors=4, hidden_sizes=(8, 4), **_OF_RATINGS),
        (2,),
        1,
        of=RatingCase,
        parameters=(6 + 7) * (1 + 4 + 4) + 8 * (8 + 1) + 4 * (8 + 1) + (4 + 4),
        bind=objectives.ratings,
        optimizer=optimizers.adam(0.1),
    ),
    case(
        "two_tower",
        partial(models.two_tower, 12, factors=8),
        (12,),
        12,
        of=HistoryCase,
        parameters=8 * (12 + 1) + 12 * (8 + 1),
        bind=partial(objectives.retrieval, frequencies=np.ones(12), hidden=0.0, negatives=0),
        optimizer=optimizers.adam(0.1),
    ),
]
# Each list begins with the one before: by the scope, all tests of a case then come together and
# share what it compiled.
of_cases = partial(pytest.mark.parametrize, "case", scope="module")
DEEP = (
    NORMALISED
    + PLAIN
    + LENETS
    + RECURRENT
    + WRITERS
    + CAPTIONERS
    + RECOMMENDERS
    + BOARDS
    + AUTOENCODERS
)
every_model = of_cases(DEEP + FLAT)

SIBLINGS = [
    "acoustic",
    "attention_additive",
    "board_net",
    "captioner",
    "factorisation",
    "softmax_regression",
    "policy_net",
    "vgg",
    "vgg_normalised",
    "alexnet",
    "nin",
    "conv_autoencoder",
    "googlenet_normalised_with_heads",
    "resnet_bottleneck",
    "cifar_resnet",
    "alexnet_two_towers",
    "googlenet",
    "lenet5",
    "lenet5_1998",
    "policy_net",
    "gru_both_ways",
    "rnn_of_rows",
    "spoken_word",
    "attention_multiplicative",
    "encoder_decoder",
    "autoencoder_tied",
    "mlp_c1",
    "mlp_normalised",
    "belief_net",
    "perceptron",
    "neural_factorisation",
]
"""Models that resemble others here in all that a test can see: seldom compiled, always traced."""


def siblings_seldom(cases: list[Any]) -> list[Any]:
    return [
        pytest.param(*case.values, id=case.id, marks=[pytest.mark.slow] * (case.id in SIBLINGS))
        for case in cases
    ]


sibling_models = pytest.mark.parametrize("case", [c for c in DEEP + FLAT if c.id in SIBLINGS])
most_normalised_models = of_cases(siblings_seldom(NORMALISED))
most_deep_models = of_cases(siblings_seldom(DEEP))
most_models = of_cases(siblings_seldom(DEEP + FLAT))
