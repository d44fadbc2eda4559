"""Examples of data sets as figures: the values and labels of the data, each in its place."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError
from dl.plots.style import lines


def test_pictures_stand_below_their_labels() -> None:
    numbers = np.arange(40)
    pictures = np.broadcast_to(numbers[:, None, None], (40, 3, 3)).astype(np.uint8)
    figure = dl.plots.examples(dl.make_dataset(pictures, numbers % 4), count=10)
    assert len(figure.axes) == 10
    for axes in figure.axes:
        (image,) = axes.get_images()
        assert str(round(255 * image.get_array()[0, 0]) % 4) == axes.get_title()


def test_points_have_the_marker_of_their_class() -> None:
    data = dl.load_data("circles")
    figure = dl.plots.examples(data, count=64)
    (axes,) = figure.axes
    drawn: list[Any] = [np.asarray(each.get_offsets()) for each in axes.collections]
    assert [each.get_label() for each in axes.collections] == ["0", "1"]
    assert sum(map(len, drawn)) == 64
    labels = np.asarray(data.train.targets).reshape(-1)
    rows = np.asarray(data.train.inputs)
    known = {tuple(row): int(label) for row, label in zip(rows, labels, strict=True)}
    for label, places in enumerate(drawn):
        assert {known[tuple(np.asarray(place, np.float32))] for place in places} == {label}
    assert len({line.marker for line in lines(2)}) == 2


def test_sequences_are_fields_over_time() -> None:
    figure = dl.plots.examples(dl.load_data("adding:12"), count=3)
    assert len(figure.axes) == 3
    assert all(axes.get_images()[0].get_array().shape == (2, 12) for axes in figure.axes)
    assert figure.axes[-1].get_xlabel() == "step"
    marks = figure.axes[0].get_images()[0].get_array()[1]
    assert sorted(marks)[-3:] == [0, 1, 1], "two numbers of each sequence are marked"


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    (tmp_path / "texts.tsv").write_text(
        "".join(f"costs $n^{{}} ${n}\t$a_{n % 2}$\n" for n in range(20))
    )
    figure = dl.plots.examples(dl.load_data(f"tsv:{tmp_path / 'texts.tsv'}"), count=4)
    dl.plots.save(figure, tmp_path / "texts.png")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[0] in (r"\$a_0\$", r"\$a_1\$")
    assert all(text.startswith("costs $n^{} $") for text in words[1::2])


def test_what_is_no_data_set_is_refused() -> None:
    with pytest.raises(InputError, match="dataset is digits: give a Dataset"):
        dl.plots.examples("digits")


def test_long_names_of_classes_stay_above_their_pictures() -> None:
    names = ("a class with a rather long name", "AMERICAN STAFFORDSHIRE")
    pictures = np.zeros((40, 3, 3), np.uint8)
    figure = dl.plots.examples(dl.make_dataset(pictures, np.arange(40) % 2, class_names=names))
    check_layout(figure)
    assert {axes.get_title() for axes in figure.axes} == {"a class wit…", "AMERICAN ST…"}
