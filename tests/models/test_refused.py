"""What models refuse, and in which words."""

import re
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import pytest

from dl import models
from dl.errors import InputError
from dl.types import Model


def shape_of(model: Model, *shape: int) -> None:
    jax.eval_shape(model.init, jax.random.key(0), jax.ShapeDtypeStruct((2, *shape), jnp.float32))


@pytest.mark.parametrize("sizes", [4, (-1,), (3, 1.5), "3", None])
def test_units_are_whole_numbers_in_a_row(sizes: object) -> None:
    with pytest.raises(InputError, match=r"hidden_sizes is .*: give the units of each layer"):
        models.mlp(2, hidden_sizes=sizes)  # type: ignore[arg-type]


REFUSED = [
    pytest.param(models.lenet(), (12, 12, 1), r"16×16.*12×12×1", id="lenet-12"),
    pytest.param(models.lenet(), (28, 8, 3), r"16×16.*28×8×3", id="lenet-narrow"),
    pytest.param(models.lenet(), (784,), r"16×16.*784", id="lenet-flat"),
    pytest.param(models.lenet(), (28, 28, 0), r"16×16.*28×28×0", id="lenet-no-channel"),
    pytest.param(models.lenet5(), (20, 20, 1), r"28×28 or 32×32.*20×20×1", id="lenet5-20"),
    pytest.param(models.lenet5(), (32, 28, 1), r"28×28 or 32×32.*32×28×1", id="lenet5-oblong"),
    pytest.param(models.lenet5(), (784,), r"28×28 or 32×32.*784", id="lenet5-flat"),
    pytest.param(models.lenet5(), (28, 28), r"28×28", id="lenet5-no-channel-axis"),
    pytest.param(
        models.lenet5(variant="1998"), (20, 20, 1), r"28×28 or 32×32.*20×20×1", id="lenet5-1998-20"
    ),
    pytest.param(models.alexnet(), (28, 28, 3), r"67×67.*28×28×3.*small=True", id="alexnet-28"),
    pytest.param(
        models.googlenet(10, small=True),
        (28, 28),
        r"\(H×W×C\), these are 28×28:",
        id="googlenet-axes",
    ),
]


@pytest.mark.parametrize(("model", "shape", "message"), REFUSED)
def test_pictures_that_do_not_fit_are_refused_with_both_shapes(
    model: Model, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        shape_of(model, *shape)


SMALLEST = {
    "lenet": (models.lenet(), 16),
    "alexnet": (models.alexnet(), 67),
    "alexnet small": (models.alexnet(5, small=True), 15),
    "vgg": (models.vgg(11), 32),
    "vgg small": (models.vgg(11, small=True), 16),
    "nin": (models.nin(), 39),
    "nin small": (models.nin(5, small=True), 4),
    "googlenet": (models.googlenet(), 32),
    "googlenet with heads": (models.googlenet(auxiliary=True), 65),
    "googlenet small": (models.googlenet(5, small=True), 4),
    "googlenet small with heads": (models.googlenet(5, small=True, auxiliary=True), 9),
    "resnet": (models.resnet(18), 32),
    "resnet small": (models.resnet(18, small=True), 8),
    "cifar_resnet": (models.cifar_resnet(8), 4),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * ("googlenet" in name)) for name in SMALLEST],
)
def test_the_smallest_picture_named_is_the_smallest_that_fits(name: str) -> None:
    model, smallest = SMALLEST[name]
    with pytest.raises(
        InputError, match=rf"at least {smallest}×{smallest} \(H×W×C\), these are {smallest - 1}×"
    ):
        shape_of(model, smallest - 1, smallest - 1, 3)
    rows = model.layers(jax.ShapeDtypeStruct((1, smallest, smallest, 3), jnp.float32))
    assert min(min(row.output_shape) for row in rows) >= 1


BUILDERS = {
    "perceptron": models.perceptron,
    "logistic_regression": models.logistic_regression,
    "softmax_regression": models.softmax_regression,
    "mlp": models.mlp,
    "lenet": models.lenet,
    "lenet5": models.lenet5,
    "alexnet": models.alexnet,
    "vgg": partial(models.vgg, 11),
    "nin": models.nin,
    "googlenet": models.googlenet,
    "resnet": partial(models.resnet, 18),
    "cifar_resnet": partial(models.cifar_resnet, 20),
}


@pytest.mark.parametrize("classes", [0, -1, 2.5, None])
@pytest.mark.parametrize("name", BUILDERS)
def test_a_number_of_classes_that_is_none_is_refused(name: str, classes: int) -> None:
    with pytest.raises(InputError, match=re.escape(f"not {classes!r}")):
        BUILDERS[name](classes)


WRONG: dict[str, Callable[[], Model]] = {
    "depth of 18, 34, 50, 101, 152, not 20": lambda: models.resnet(20),
    r"6 n \+ 2 layers deep": lambda: models.cifar_resnet(18),
    "depth of 11, 13, 16, 19, not 12": lambda: models.vgg(12),
    "1 tower or 2, not 3": lambda: models.alexnet(towers=3),
    r"\(3, 4, 4, 4, 4\) are not all even": lambda: models.alexnet(
        towers=2, features=(3, 4, 4, 4, 4)
    ),
    "variant '1989' of LeNet-5: did you mean 1998": lambda: models.lenet5(variant="1989"),
    "variant 'paper' of LeNet-5: known: 1998, softmax": lambda: models.lenet5(variant="paper"),
    "bitmaps of 10 classes, not 11": lambda: models.lenet5(11, variant="1998"),
    "width is a positive factor.*not 0": lambda: models.nin(width=0),
    "width is a positive factor.*not -0.5": lambda: models.vgg(11, width=-0.5),
    "width is a positive factor.*not 0.0": lambda: models.alexnet(width=0.0),
    "width is a positive factor.*not -1": lambda: models.googlenet(width=-1),
    "width is a positive factor.*not -2": lambda: models.resnet(18, width=-2),
    r"this resnet18 has 4 stages and features \(64, 128\) are for 2": lambda: models.resnet(
        18, features=(64, 128)
    ),
    r"this resnet20 has 3 stages and features \(8,\) are for 1": lambda: models.cifar_resnet(
        20, features=(8,)
    ),
    r"this VGG-11 has 5 stages and features \(64,\) are for 1": lambda: models.vgg(
        11, features=(64,)
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_variants_that_there_are_not_are_refused_with_those_that_there_are(message: str) -> None:
    with pytest.raises(InputError, match=message):
        WRONG[message]()


@pytest.mark.parametrize("name", ["alexnet", "nin", "googlenet"])
def test_an_unknown_head_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match="unknown head 'max': known: flatten, mean"):
        shape_of(BUILDERS[name](5, small=True, head="max"), 32, 32, 3)


@pytest.mark.parametrize("shape", [(16, 16, 3), (20, 20, 1)], ids=["channels", "sides"])
def test_parameters_made_for_other_pictures_are_refused(shape: tuple[int, ...]) -> None:
    model = models.lenet(features=(2, 3), hidden_size=4)
    params, model_state = jax.eval_shape(
        model.init, jax.random.key(0), jax.ShapeDtypeStruct((1, 16, 16, 1), jnp.float32)
    )
    with pytest.raises(
        InputError, match="made for inputs of another shape than " + "×".join(map(str, shape))
    ):
        jax.eval_shape(
            model.apply, params, model_state, jax.ShapeDtypeStruct((1, *shape), jnp.float32)
        )
