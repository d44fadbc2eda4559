"""Summaries of all kinds of models: rows, totals, published costs; as text, Markdown and JSON."""

import json
from functools import cache

import jax
import jax.numpy as jnp
import pytest
from flax import linen as nn

from dl import models
from dl.errors import InputError
from dl.inspect.cost.connections import connections
from dl.inspect.cost.published import PUBLISHED
from dl.inspect.cost.summary import Summary, summarize
from dl.layers import ConvPool, Recurrent
from dl.models import from_linen
from dl.types import Model


@cache
def of(name: str) -> Summary:
    return summarize(PUBLISHED[name].build(), PUBLISHED[name].input_shape, name=name)


# Thousand million multiply-adds: torchvision 0.20 documents them as GFLOPS.
GIGA = {"vgg11": 7.61, "vgg16": 15.47, "vgg19_bn": 19.63, "resnet50": 4.09, "resnet152": 11.51}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * ("152" in name)) for name in GIGA]
)
def test_multiply_adds_are_as_many_as_published(name: str) -> None:
    assert round(of(name).macs / 1e9, 2) == GIGA[name]


@pytest.mark.slow
def test_inception_blocks_cost_what_the_paper_prints() -> None:
    """Szegedy et al. 2015, table 1, column "ops", in millions; the 54 of block 5a does not fit its
    own widths.
    """
    table = {"3a": 128, "3b": 304, "4a": 73, "4b": 88, "4c": 100, "4d": 119, "4e": 170, "5b": 71}
    rows = of("googlenet").layers
    for block, millions in table.items():
        macs = sum(row.macs for row in rows if row.name.startswith(f"inception{block}/"))
        assert macs / 1e6 == pytest.approx(millions, abs=1), block


# Layer: receptive field, stride, padding, from the table of google-research/receptive_field for
# vgg_a and vgg_16.
FIELDS = {
    "vgg11": {
        "conv1_1/conv": (3, 1, 1),
        "conv1_1/pool": (4, 2, 1),
        "conv3_1/conv": (18, 4, 7),
        "conv4_2/pool": (70, 16, 27),
        "conv5_2/pool": (150, 32, 59),
    },
    "vgg16": {
        "conv1_1/conv": (3, 1, 1),
        "conv1_2/pool": (6, 2, 2),
        "conv3_2/conv": (32, 4, 14),
        "conv5_1/conv": (132, 16, 58),
        "conv5_3/pool": (212, 32, 90),
    },
}


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields_are_those_published(name: str) -> None:
    rows = {row.name: row for row in of(name).layers}
    for layer, (size, stride, padding) in FIELDS[name].items():
        row = rows[layer]
        assert (row.receptive_field, row.stride, row.offset) == (
            (size,) * 2,
            (stride,) * 2,
            (-padding,) * 2,
        ), layer


def test_a_residual_takes_the_larger_field_of_its_two_paths() -> None:
    # Without shortcuts ResNet-50 is a chain: 7×7 by 2, 3×3 by 2, then 3, 4, 6 and 3 convolutions
    # 3×3, by 2 at a stage.
    size, stride = 1, 1
    for width, step in [
        (7, 2),
        (3, 2),
        *[(3, 1)] * 3,
        (3, 2),
        *[(3, 1)] * 3,
        (3, 2),
        *[(3, 1)] * 5,
        (3, 2),
        (3, 1),
        (3, 1),
    ]:
        size, stride = size + (width - 1) * stride, stride * step
    last = of("resnet50").layers[-2]
    assert (
        (last.receptive_field, last.stride)
        == ((size, size), (stride, stride))
        == ((427, 427), (32, 32))
    )


@pytest.mark.parametrize("name", ["lenet", "lenet5", "nin_cifar", "resnet20", "alexnet_two_towers"])
def test_totals_are_those_of_the_parameters_themselves(name: str) -> None:
    model, shape = PUBLISHED[name].build(), PUBLISHED[name].input_shape
    params, _ = jax.eval_shape(
        model.init, jax.random.key(0), jax.ShapeDtypeStruct((1, *shape), jnp.float32)
    )
    assert of(name).parameters == sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize("implementation", ["auto", "scan"])
def test_recurrent_layers_count_every_step(implementation: str) -> None:
    stack = Recurrent("lstm", 5, num_layers=2, implementation=implementation)
    summary = summarize(from_linen(stack), (7, 3))
    gates = 4 * 5
    assert [(row.name, row.output_shape, row.macs) for row in summary.layers] == [
        ("layer_0", (7, 5), 7 * gates * (3 + 5)),
        ("dropout_1", (7, 5), 0),
        ("layer_1", (7, 5), 7 * gates * (5 + 5)),
    ]
    assert summary.parameters == gates * (3 + 5 + 1) + gates * (5 + 5 + 1)
    assert summary.layers[0].receptive_field is None


class Tied(nn.Module):
    """One matrix there and back, used by the module that owns the layer."""

    @nn.compact
    def __call__(self, inputs, *, train=False):
        encoder = nn.Dense(3, use_bias=False, name="encoder")
        scale = self.param("scale", nn.initializers.ones, (4,))
        code = encoder(encoder(inputs)[:, :1] * scale)
        return code @ encoder.variables["params"]["kernel"].T


def test_a_module_with_work_and_parameters_of_its_own_has_a_row() -> None:
    rows = summarize(from_linen(Tied()), (4,)).layers
    assert [(row.name, row.parameters, row.macs) for row in rows] == [
        ("encoder", 12, 12),
        ("encoder (2)", 0, 12),
        ("tied", 4, 12),
    ]


class Watched(nn.Module):
    """Notes every time that it is computed."""

    computed: list

    @nn.compact
    def __call__(self, inputs, *, train=False):
        jax.debug.callback(lambda: self.computed.append(1))
        return nn.Dense(2)(inputs)


def test_functions_without_layers_are_refused() -> None:
    def apply(params, model_state, inputs, **_):
        return inputs, model_state, ()

    model = Model("bare", lambda key, inputs: ({}, {}), apply)
    assert model.layers(jax.ShapeDtypeStruct((1, 3), jnp.float32)) == []
    with pytest.raises(InputError, match=r"bare is a pair of functions without layers"):
        summarize(model, (3,))


def test_nothing_is_computed() -> None:
    computed: list[int] = []
    model = from_linen(Watched(computed))
    assert summarize(model, (3,)).parameters == 8
    jax.effects_barrier()
    assert computed == []


def test_a_fused_convolution_inside_a_model_without_a_choice_is_one_row() -> None:
    class Bare(nn.Module):
        @nn.compact
        def __call__(self, inputs, *, train=False):
            return ConvPool(4, (3, 3), name="conv")(inputs)

    (row,) = summarize(from_linen(Bare()), (8, 8, 1)).layers
    assert (row.output_shape, row.macs, row.receptive_field) == ((3, 3, 4), 6 * 6 * 4 * 9, (4, 4))


def test_oblong_windows_and_pictures() -> None:
    class Oblong(nn.Module):
        @nn.compact
        def __call__(self, inputs, *, train=False):
            return nn.Dense(2)(
                nn.Conv(1, (3, 5), strides=(1, 2), padding="VALID")(inputs).reshape(1, -1)
            )

    summary = summarize(from_linen(Oblong()), (9, 7, 1))
    convolution, dense = summary.layers
    assert (convolution.receptive_field, convolution.stride) == ((3, 5), (1, 2))
    assert (dense.receptive_field, dense.stride, dense.offset) == ((9, 7), None, (0, 0))
    assert "3×5" in str(summary)


LENET = summarize(models.lenet(), (28, 28, 1))


def test_json_holds_every_column() -> None:
    shown = json.loads(json.dumps(LENET.to_dict()))
    assert (shown["name"], shown["parameters"], shown["macs"]) == ("lenet", 431_080, 2_293_000)
    assert (shown["input_shape"], shown["output_shape"]) == ([28, 28, 1], [10])
    assert shown["layers"][2] == {
        "name": "conv2",
        "output_shape": [8, 8, 50],
        "parameters": 25_050,
        "macs": 1_600_000,
        "receptive_field": [14, 14],
        "stride": [2, 2],
        "offset": [0, 0],
    }


def test_json_of_pooled_maps() -> None:
    shown = json.loads(json.dumps(of("lenet5").to_dict()))
    assert [layer["output_shape"] for layer in shown["layers"][:2]] == [[28, 28, 6], [14, 14, 6]]
    assert shown["layers"][1]["receptive_field"] == [6, 6]


def test_text_and_markdown_say_the_same() -> None:
    _, *text = str(LENET).splitlines()
    head, _, *rows = LENET.table().markdown().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *rows)]
    assert [line.split() for line in text] == [[cell for cell in row if cell] for row in cells]
    assert len({len(line) for line in text if line.split()[0] == "layer" or "conv" in line}) == 1


def test_connections_take_biases_and_groups_into_account() -> None:
    table = connections(models.alexnet(towers=2), (227, 227, 3))
    assert table["conv2/conv"].shared == 256 * (5 * 5 * 48 + 1)
    bare = connections(models.cifar_resnet(8, features=(2, 2, 2)), (8, 8, 3))["stem/conv"]
    assert bare == (2 * 27, 8 * 8 * 2 * 27, 8 * 8 * 2 * 8 * 8 * 3)
