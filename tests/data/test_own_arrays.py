"""Own arrays as a data set: types, tasks and classes that are inferred, parts, and refusals."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.data.own_arrays import as_dataset
from dl.data.sources.ragged import RaggedSource
from dl.errors import InputError

POINTS = np.random.default_rng(0).normal(size=(20, 3))
CLASSES = np.arange(20) % 2
PIXELS = np.random.default_rng(1).integers(0, 256, (20, 28, 28))
SEQUENCES = [np.full((1 + number % 5, 2), float(number)) for number in range(20)]


class Tensor:
    """As tensors and data frames of other libraries: an array by `__array__`."""

    def __init__(self, values: Any, *, broken: bool = False) -> None:
        self.values, self.broken = np.asarray(values), broken

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.broken:
            raise RuntimeError("can't call numpy() on a tensor\nthat requires grad")
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self) -> int:
        return len(self.values)


def as_objects(rows: Any) -> np.ndarray:
    held = np.empty(len(rows), object)
    held[:] = rows
    return held


@pytest.mark.parametrize(
    ("y", "task", "class_names", "dtype"),
    [
        (CLASSES, "classification", ("0", "1"), "int32"),
        (CLASSES[:, None], "classification", ("0", "1"), "int32"),
        (CLASSES.astype(np.uint8), "classification", ("0", "1"), "int32"),
        (jnp.asarray(CLASSES), "classification", ("0", "1"), "int32"),
        (["b", "a"] * 10, "classification", ("a", "b"), "int32"),
        (np.array(["b", "a"] * 10, object), "classification", ("a", "b"), "int32"),
        (CLASSES == 1, "binary", ("y",), "float32"),
        (CLASSES[:, None].astype(float), "binary", ("y",), "float32"),
        (np.stack([CLASSES, CLASSES], axis=1), "binary", ("y0", "y1"), "float32"),
        (CLASSES.astype(float), "regression", ("y",), "float32"),
        (POINTS, "regression", ("y0", "y1", "y2"), "float32"),
        (2 * CLASSES - 1, "classification", ("-1", "1"), "int32"),
        (np.array([b"b", b"\xc3\xa9"] * 10), "classification", ("b", "é"), "int32"),
        (CLASSES[:, None] == 1, "binary", ("y",), "float32"),
        (CLASSES.astype(np.uint64), "classification", ("0", "1"), "int32"),
    ],
)
def test_targets_decide_the_task_and_its_outputs(
    y: Any, task: str, class_names: tuple[str, ...], dtype: str
) -> None:
    data = dl.make_dataset(POINTS, y)
    assert (data.spec.task, data.spec.class_names) == (task, class_names)
    assert data.train.targets.dtype == data.test.targets.dtype == dtype
    expected = data.spec.kind.target(data.spec.input_shape, data.spec.classes)[0]
    assert data.train.targets.shape == (18, *expected)


@pytest.mark.parametrize(
    ("x", "dtype", "shape"),
    [
        (POINTS, "float32", (3,)),
        (POINTS.tolist(), "float32", (3,)),
        (jnp.asarray(POINTS, jnp.bfloat16), "float32", (3,)),
        (list(POINTS), "float32", (3,)),
        (POINTS > 0, "float32", (3,)),
        (POINTS[:, 0], "float32", (1,)),
        (np.arange(60).reshape(20, 3), "int32", (3,)),
        (np.zeros((20, 3), np.uint8), "float32", (3,)),
        (np.zeros((20, 4, 5), np.uint8), "uint8", (4, 5, 1)),
        (np.zeros((20, 4, 5, 3), np.uint8), "uint8", (4, 5, 3)),
        (np.ones((20, 28, 28)), "float32", (28, 28)),
        (np.ones((20, 28, 28, 1)), "float32", (28, 28, 1)),
        (Tensor(POINTS), "float32", (3,)),
        ([Tensor(row) for row in POINTS], "float32", (3,)),
        (np.ma.masked_less(POINTS, -100.0), "float32", (3,)),
    ],
)
def test_inputs_have_the_types_that_models_take(x: Any, dtype: str, shape: tuple[int, ...]) -> None:
    spec = dl.make_dataset(x, CLASSES).spec
    assert (spec.input_dtype, spec.input_shape) == (dtype, shape)


def test_strings_are_numbered_in_sorted_order() -> None:
    labels = ["b", "a", "c", "b"]
    part = (np.arange(4.0)[:, None], labels)
    data = dl.make_dataset(*part, test=part)
    assert data.train.targets.tolist() == [1, 0, 2, 1]
    named = dl.make_dataset(*part, test=part, class_names=("c", "b", "a"))
    assert named.train.targets.tolist() == [1, 2, 0, 1]


def test_a_class_in_several_spellings_is_one() -> None:
    labels = ["a", "b ", "e\u0301", "\u00e9", "b"] * 4
    with pytest.warns(UserWarning, match="labels of y in two spellings are one class: b and é"):
        data = dl.make_dataset(POINTS, labels, test=(POINTS[:2], [" a", "b"]))
    assert data.spec.class_names == ("a", "b", "é")
    assert data.train.targets.tolist() == [0, 1, 2, 2, 1] * 4
    assert data.test.targets.tolist() == [0, 1]


def test_a_given_task_and_given_names_win() -> None:
    data = dl.make_dataset(POINTS, np.eye(20)[:, :3], task="binary", class_names=("p", "q", "r"))
    assert (data.spec.task, data.spec.class_names) == ("binary", ("p", "q", "r"))
    assert dl.make_dataset(POINTS, CLASSES, task="regression").train.targets.shape == (18, 1)


def test_parts_are_cut_by_fixed_permutations_and_miss_nothing() -> None:
    x = np.arange(20.0)[:, None]
    data = dl.make_dataset(x, CLASSES, validation=0.25, test=0.2)
    parts = [part.inputs[:, 0].tolist() for part in (data.train, data.validation, data.test)]
    assert [len(part) for part in parts] == [12, 4, 4]
    assert sorted(np.concatenate(parts)) == list(range(20))
    again = dl.make_dataset(x * 1.0, CLASSES, validation=0.25, test=0.2)
    assert again.fingerprint == data.fingerprint
    # These examples may never change: results of several versions are compared on them.
    assert parts[2] == [7.0, 8.0, 9.0, 11.0]


def test_given_parts_are_taken_whole() -> None:
    data = dl.make_dataset(
        POINTS, CLASSES, validation=(POINTS[:4], CLASSES[:4]), test=(POINTS[:6], CLASSES[:6])
    )
    assert [len(part) for part in (data.train, data.validation, data.test)] == [20, 4, 6]


def test_lists_of_several_lengths_are_ragged_sequences() -> None:
    data = dl.make_dataset(SEQUENCES, CLASSES, validation=0.2, name="steps")
    assert data.spec.ragged
    assert (data.spec.input_shape, data.spec.name) == ((5, 2), "steps")
    assert [len(part) for part in (data.train, data.validation, data.test)] == [14, 4, 2]
    for part in (data.train, data.validation, data.test):
        assert isinstance(part, RaggedSource)
        for row, length, target in zip(part.inputs, part.lengths, part.targets, strict=True):
            number = int(row[0, 0])
            assert (int(length), int(target)) == (1 + number % 5, number % 2)


def test_sequences_of_symbols_are_whole_numbers() -> None:
    data = dl.make_dataset([[1, 2], [3]], [0, 1], test=([[1], [2]], [0, 1]))
    assert data.train.inputs.tolist() == [[3, 0], [1, 2]]
    assert data.spec.input_dtype == "int32"


def test_longer_sequences_may_come_in_the_test_part() -> None:
    data = dl.make_dataset(
        SEQUENCES, CLASSES, validation=(SEQUENCES, CLASSES), test=(np.zeros((2, 9, 2)), [0, 1])
    )
    assert data.test.widths[-1] == data.validation.widths[-1] == 9


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (POINTS, CLASSES[:4], r"20 inputs in x but 4 targets in y"),
        (SEQUENCES, CLASSES[:4], r"20 inputs in x but 4 targets in y"),
        (np.where(POINTS[1, 2] == POINTS, np.nan, POINTS), CLASSES, r"x has nan at \[1, 2\]"),
        (np.where(POINTS[1, 2] == POINTS, np.inf, POINTS), CLASSES, r"x has inf at \[1, 2\]"),
        (POINTS, np.where(CLASSES, np.nan, 0.0), r"y\[1\] is not finite"),
        (POINTS, CLASSES + 1, "labels in y are 1, 2; give 0 to K - 1"),
        (POINTS, CLASSES * 2, "labels in y are 0, 2; give 0 to K - 1"),
        (POINTS, CLASSES - 1, "labels in y are -1, 0; give 0 to K - 1"),
        (POINTS, np.where(CLASSES, 2**32, 0), "labels in y are 0, 4294967296; give 0 to K - 1"),
        (POINTS, np.arange(20) % 3 + 1, "labels in y are 1, 2, 3; .*or strings, such as y - 1"),
        (POINTS, np.arange(20) % 4 - 1, "labels in y are -1, 0, 1 and 1 more; .*of -1 if it means"),
        (POINTS, 255 * CLASSES, "labels in y are 0, 255; give 0 to K - 1, .* such as y > 0"),
        (POINTS, np.arange(20) * 10, "labels in y are 0, 10, 20 and 17 more; .*task='regression'"),
        (POINTS, ["a", np.nan] * 10, r"y has the type object, and nan at \[1\] is no string"),
        (POINTS, ["a", 1] * 10, r"y has the type object, and 1 at \[1\] is no string"),
        (POINTS, [b"\xff"] * 20, "y has bytes that are no UTF-8"),
        (POINTS, np.ma.masked_equal(CLASSES, 1), "y has masked values: fill them"),
        (POINTS, np.zeros(20, "i4, f4"), "y has the type"),
        (POINTS, Tensor(CLASSES, broken=True), r"y gives no array \(can't call numpy.*y.detach"),
        (Tensor(POINTS, broken=True), CLASSES, "x gives no array .*such as x.detach.*numpy"),
        (np.ma.masked_less(POINTS, 0.0), CLASSES, "x has masked values"),
        (np.zeros(20, "i4, f4"), CLASSES, "x has named fields: give its columns as one array"),
        ([1.0, [2.0, 3.0]] * 10, CLASSES, "x mixes numbers and sequences"),
        (iter(POINTS), CLASSES, "x is <.*: give an array"),
        ({"a": 1}, CLASSES, "x is {'a': 1}: give an array"),
        (
            np.zeros((20, 1, 28, 28), np.uint8),
            CLASSES,
            r"channels first: give x.transpose\(0, 2, 3",
        ),
        (np.zeros((20, 3, 32, 32)), CLASSES, r"x is \[20, 3, 32, 32\], channels first: give"),
        (np.zeros((20, 9, 9, 7), np.uint8), CLASSES, "pictures of 7 channels: give"),
        (PIXELS.astype(np.float32), CLASSES, r"x is float32 \[20, 28, 28\] with values up to 255"),
        (PIXELS[..., None] / 1.1, CLASSES, r"pictures in bytes: give x.astype\(np.uint8\)"),
        (PIXELS[..., None] * 16, CLASSES, "pictures of more than 8 bits: give .* such as x / 4095"),
        (PIXELS.astype(int), CLASSES, r"x is int64 .* pictures in bytes: give x.astype"),
        (PIXELS.reshape(20, -1) * 1.0, CLASSES, r"give x.reshape\(-1, H, W\).astype\(np.uint8\)"),
        (POINTS, np.zeros(20, int), "y has one class, 0: a classification needs two"),
        (POINTS, np.eye(20), r"every row of y has one 1: give class numbers, y.argmax"),
        (POINTS, [["a", "b"]] * 20, "2 labels for each input: give one"),
        (POINTS, np.array([None] * 20), "y has the type object"),
        (POINTS, [[0], [1, 2]], "the targets of y have several shapes"),
        (POINTS, np.zeros((20, 2, 2)), r"y has the shape \(20, 2, 2\)"),
        (POINTS, [], r"y has the shape \(0,\)"),
        (POINTS[:0], CLASSES, r"x has the shape \(0, 3\): give at least one example"),
        (3.0, CLASSES, "x is 3.0: give an array"),
        (POINTS.astype(object), CLASSES, "x holds objects: give numbers"),
        (["text"] * 20, CLASSES, r"x holds text.*dl.load_data\('tsv:PATH'\)"),
        (["text", "texts"] * 10, CLASSES, "x holds text"),
        (POINTS.astype(complex), CLASSES, "x has complex numbers"),
        (np.full((20, 1), 2**40), CLASSES, "x has whole numbers beyond 32 bits"),
        ([np.zeros((2, 2)), np.zeros((3, 4))] * 10, CLASSES, r"x\[0\] is \(2, 2\) and x\[1\] is"),
        ([np.zeros((2, 2)), np.zeros((0, 2))] * 10, CLASSES, r"x\[1\] has no steps"),
        ([np.zeros((2, 3)), np.zeros((2, 4))] * 10, CLASSES, "examples of x have several shapes"),
        (POINTS[:1], [0.5], "one example cannot be cut into training and test"),
        (POINTS, ["a", " "] * 10, r"y\[1\] is '', which stands for none: give it a class"),
        (POINTS, ["a", "nan"] * 10, r"y\[1\] is 'nan', which stands for none"),
    ],
)
def test_unfit_arrays_are_refused_in_one_line(x: Any, y: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        dl.make_dataset(x, y)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"test": (POINTS[:2], [0, 2])}, "y of test has the label 2, and the classes are 0, 1"),
        (
            {"test": (POINTS[:2], [0, 2]), "class_names": ("a", "b", "c")},
            "the class c is in the test part and not in the",
        ),
        ({"test": (POINTS[:2], [0])}, "2 inputs in x of test but 1 targets in y of test"),
        ({"test": (POINTS[:2, :2], [0, 1])}, r"x of test has examples float32 \(2,\)"),
        ({"test": (POINTS[:2].astype(int), [0, 1])}, r"x of test has examples int32 \(3,\)"),
        ({"test": 0.0}, "test is 0.0: give a fraction between 0 and 1"),
        ({"test": 1.0}, "test is 1.0"),
        ({"test": "all"}, "all is not a part of data"),
        ({"validation": 1.0}, "0 <= fraction < 1"),
        ({"validation": (POINTS,)}, "is not a part of data: give a pair"),
        ({"task": "clasification"}, "unknown task 'clasification'; did you mean classification"),
        ({"task": "language"}, "the task language has a target for every step"),
        ({"task": "regression", "class_names": ("p", "q")}, "y has 1 columns for the 2 outputs"),
        ({"class_names": ("p",)}, "y has one class, p"),
        ({"task": 3}, "unknown task 3; known: binary"),
        ({"class_names": 3}, "class_names is 3: give a tuple of names"),
        ({"validation": None}, "None is not a part of data"),
        ({"class_names": "pq"}, "class_names is pq: give a tuple of names that differ"),
        ({"class_names": ("p", "p")}, "class_names is .*: give a tuple of names that differ"),
        ({"class_names": ()}, "class_names is .*: give a tuple"),
        ({"test": (POINTS[:2], [0, -1])}, "y of test has the label -1, and the classes are 0, 1: "),
        ({"test": (POINTS[:2], ["0", "2"])}, "y of test has the label 2, and the classes are 0, 1"),
        ({"validation": (POINTS[:2] * np.nan, [0, 1])}, r"x of validation has nan at \[0, 0\]"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        dl.make_dataset(POINTS, CLASSES, **options)
    assert "\n" not in str(refused.value)


def test_binary_targets_are_zeros_and_ones() -> None:
    with pytest.raises(InputError, match=r"binary targets are 0 and 1; y has 0\.5"):
        dl.make_dataset(POINTS, np.full((20, 2), 0.5), task="binary")


def test_strings_are_no_numbers() -> None:
    with pytest.raises(InputError, match="y has strings: give numbers, or task='classification'"):
        dl.make_dataset(POINTS, ["a", "b"] * 10, task="regression")


@pytest.mark.parametrize(
    ("y", "class_names"),
    [
        (CLASSES == 1, ("False", "True")),
        (CLASSES.astype(float), ("0", "1")),
        (CLASSES[:, None].astype(float), ("0", "1")),
        (np.eye(2)[CLASSES], ("0", "1")),
        (np.eye(2, dtype=bool)[CLASSES], ("0", "1")),
        (2.0 * CLASSES - 1, ("-1", "1")),
    ],
)
def test_classes_that_are_asked_for_may_come_in_many_forms(y: Any, class_names: Any) -> None:
    part = (POINTS, y)
    data = dl.make_dataset(*part, test=part, task="classification")
    assert data.spec.class_names == class_names
    assert data.train.targets.tolist() == data.test.targets.tolist() == CLASSES.tolist()
    named = dl.make_dataset(*part, test=part, task="classification", class_names=("no", "yes"))
    assert named.train.targets.tolist() == CLASSES.tolist()


@pytest.mark.parametrize("y", [CLASSES + 0.5, np.full((20, 3), 2), np.full(20, 1e300)])
def test_numbers_that_are_no_classes_are_refused_as_such(y: Any) -> None:
    with pytest.raises(InputError, match=r"give each input one class|labels in y are"):
        dl.make_dataset(POINTS, y, task="classification")


def test_objects_that_are_sequences_are_a_list_of_them() -> None:
    listed = dl.make_dataset(SEQUENCES, CLASSES)
    assert dl.make_dataset(as_objects(SEQUENCES), CLASSES).fingerprint == listed.fingerprint


def test_fractions_may_be_numpy_s() -> None:
    data = dl.make_dataset(POINTS, CLASSES, validation=np.float32(0.5), test=np.float64(0.2))
    assert (len(data.validation), len(data.test)) == (8, 4)


def test_a_data_set_or_a_pair_is_data() -> None:
    data = as_dataset((POINTS, CLASSES), validation=0.5)
    assert (len(data.train), len(data.validation)) == (9, 9)
    assert as_dataset(data, validation=0.1) is data
    with pytest.raises(InputError, match=r"give a pair \(x, y\)"):
        as_dataset([POINTS, CLASSES])


@pytest.mark.parametrize(
    "x",
    [
        POINTS,
        pytest.param(SEQUENCES, marks=pytest.mark.slow),
        pytest.param([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, marks=pytest.mark.slow),
    ],
)
def test_own_arrays_are_trained_on(x: Any) -> None:
    data = dl.make_dataset(x, CLASSES, validation=0.25)
    if data.spec.ragged:
        model = dl.models.sequence_model("rnn", 2, hidden_size=4)
    else:
        model = dl.models.mlp(2, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.5))
    options = dl.TrainOptions(epochs=1, batch_size=4, steps_per_call=1)
    fitted = dl.fit(recipe, data, options, progress=False)
    assert {record.split for record in fitted.history} == {"train", "validation"}


def test_numbers_written_in_two_ways_are_one_class() -> None:
    with pytest.warns(UserWarning, match="labels of y in two spellings are one class: 1$"):
        data = dl.make_dataset(POINTS, ["1.0", "1", "2.0", "1"] * 5)
    assert data.spec.class_names == ("1", "2.0")
