"""The nets of the papers at their published size: shapes and counts alone, nothing is computed."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

import dl
from dl import models
from dl.jaxprs import walk

TORCHVISION = "torchvision 0.20, documented num_params"
PAPER = "summed from the layers printed in the paper"

# name: model, side of the pictures, parameters, source
PUBLISHED = {
    "alexnet": (models.alexnet(), 227, 62_378_344, "E11"),
    "alexnet of two towers": (
        models.alexnet(towers=2),
        227,
        60_965_224,
        "Krizhevsky et al. 2012, Caffe's bvlc_alexnet",
    ),
    "vgg11": (models.vgg(11), 224, 132_863_336, TORCHVISION),
    "vgg13": (models.vgg(13), 224, 133_047_848, TORCHVISION),
    "vgg16": (models.vgg(16), 224, 138_357_544, TORCHVISION),
    "vgg19": (models.vgg(19), 224, 143_667_240, TORCHVISION),
    "vgg11_bn": (models.vgg(11, batch_normalised=True), 224, 132_868_840, TORCHVISION),
    "vgg13_bn": (models.vgg(13, batch_normalised=True), 224, 133_053_736, TORCHVISION),
    "vgg16_bn": (models.vgg(16, batch_normalised=True), 224, 138_365_992, TORCHVISION),
    "vgg19_bn": (models.vgg(19, batch_normalised=True), 224, 143_678_248, TORCHVISION),
    "nin": (models.nin(), 224, 7_595_176, PAPER),
    "nin for CIFAR": (models.nin(10, small=True), 32, 966_986, PAPER),
    "googlenet": (
        models.googlenet(),
        224,
        6_998_552,
        "Caffe's bvlc_googlenet without its auxiliary heads",
    ),
    "googlenet with its heads": (
        models.googlenet(auxiliary=True),
        224,
        13_378_280,
        "the last, and each head's 1×1×128, 2048·1024 and 1024·1000 of the paper's section 5",
    ),
    "resnet18": (models.resnet(18), 224, 11_689_512, TORCHVISION),
    "resnet34": (models.resnet(34), 224, 21_797_672, TORCHVISION),
    "resnet50": (models.resnet(50), 224, 25_557_032, TORCHVISION),
    "resnet101": (models.resnet(101), 224, 44_549_160, TORCHVISION),
    "resnet152": (models.resnet(152), 224, 60_192_808, TORCHVISION),
    "resnet20": (models.cifar_resnet(20), 32, 269_722, "He et al. 2016, table 6: 0.27 million"),
    "resnet32": (models.cifar_resnet(32), 32, 464_154, "He et al. 2016, table 6: 0.46 million"),
    "resnet44": (models.cifar_resnet(44), 32, 658_586, "He et al. 2016, table 6: 0.66 million"),
    "resnet56": (models.cifar_resnet(56), 32, 853_018, "He et al. 2016, table 6: 0.85 million"),
    "resnet110": (models.cifar_resnet(110), 32, 1_727_962, "He et al. 2016, table 6: 1.7 million"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_many_as_published(name):
    model, side, parameters, _ = PUBLISHED[name]
    inputs = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
    params, _ = jax.eval_shape(model.init, jax.random.key(0), inputs)
    assert dl.count_parameters(params) == parameters


SHAPES = {  # the sizes that the lectures and papers print, by layer
    "alexnet": {
        "conv1/conv": (55, 55, 96),
        "conv2/conv": (27, 27, 256),
        "conv5/pool": (6, 6, 256),
        "hidden6": (4096,),
    },
    "resnet50": {
        "stem/conv": (112, 112, 64),
        "pool": (56, 56, 64),
        "stage4_3/block3/conv": (7, 7, 2048),
    },
    "googlenet": {"conv2/conv": (56, 56, 192), "inception5b/three": (7, 7, 384)},
    "googlenet with its heads": {"auxiliary4a/pool": (4, 4, 512), "auxiliary4d/pool": (4, 4, 528)},
    "nin": {"conv1/conv": (54, 54, 96), "output/conv": (6, 6, 1000)},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_maps_have_the_sides_of_the_papers(name):
    model, side, *_ = PUBLISHED[name]
    rows = {
        row.name: row.output_shape
        for row in model.layers(jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32))
    }
    for layer, shape in SHAPES[name].items():
        assert shape in [output for row, output in rows.items() if row.startswith(layer)], (
            layer,
            rows,
        )


SMALL = {
    "lenet": models.lenet,
    "lenet5": models.lenet5,
    "lenet5 of 1998": partial(models.lenet5, variant="1998"),
    "alexnet": partial(models.alexnet, 10, small=True),
    "vgg11": partial(models.vgg, 11, 10, small=True),
    "vgg11_bn": partial(models.vgg, 11, 10, small=True, batch_normalised=True),
    "nin": partial(models.nin, 10, small=True),
    "googlenet": partial(models.googlenet, 10, small=True, batch_normalised=True),
    "googlenet with heads": partial(models.googlenet, 10, small=True, auxiliary=True),
    "resnet18": partial(models.resnet, 18, 10, small=True),
    "resnet50": partial(models.resnet, 50, 10, small=True),
    "resnet20": partial(models.cifar_resnet, 20),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(32, 32, 3), pytest.param((28, 28, 1), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SMALL)
def test_small_forms_take_small_pictures(name, shape):
    model = SMALL[name]()
    params, model_state = jax.eval_shape(
        model.init, jax.random.key(0), jax.ShapeDtypeStruct((1, *shape), jnp.float32)
    )
    inputs = jax.ShapeDtypeStruct((4, *shape), jnp.float32)
    assert jax.eval_shape(model.apply, params, model_state, inputs)[0].shape == (4, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_half_precision_is_computed_in_and_parameters_are_kept_in_single(name):
    model, inputs = (
        SMALL[name](dtype=jnp.bfloat16),
        jax.ShapeDtypeStruct((2, 32, 32, 3), jnp.float32),
    )
    params, model_state = jax.eval_shape(model.init, jax.random.key(0), inputs)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}
    program, shapes = jax.make_jaxpr(model.apply, return_shape=True)(params, model_state, inputs)
    assert shapes[0].dtype == jnp.float32
    factors = []

    def visit(equation, inputs, place):
        if equation.primitive.name in ("conv_general_dilated", "dot_general"):
            factors.extend(variable.aval.dtype.name for variable in equation.invars)
        return [None] * len(equation.outvars)

    walk(program.jaxpr, [None] * len(program.jaxpr.invars), visit)
    assert set(factors) == {"bfloat16"}


HEADS = {  # values of the last maps of a 32×32 picture: sides, channels
    "alexnet": (3, 128),
    "vgg11": (2, 512),
    "nin": (8, 10),
    "googlenet": (8, 512),
    "resnet18": (4, 512),
    "resnet20": (8, 64),
}


@pytest.mark.parametrize("name", HEADS)
def test_E6_a_dense_layer_sees_every_value_or_the_mean_of_each_map(name):
    side, channels = HEADS[name]
    inputs = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)

    def dense_inputs(head):
        params, _ = jax.eval_shape(SMALL[name](head=head).init, jax.random.key(0), inputs)
        kernels = [
            layer["kernel"].shape
            for layer in params.values()
            if getattr(layer.get("kernel"), "ndim", 0) == 2
        ]
        return [rows for rows, _ in kernels]

    assert side * side * channels in dense_inputs("flatten")
    assert dense_inputs("mean") == ([] if name == "nin" else [channels])
