"""Curves: the numbers on the axes are those of the records, bands those of `statistics`."""

import statistics

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError
from dl.plots.learning_curves import band
from dl.train.record import Record


def history(losses: list[float], *, split: str = "train") -> list[Record]:
    return [
        Record(10 * n, float(n), split, {"loss": loss, "accuracy": 1 / (1 + abs(loss))})
        for n, loss in enumerate(losses, 1)
    ]


def test_lines_hold_the_records() -> None:
    records = history([2.0, 1.0, 0.5]) + history([3.0, 1.5, 1.0], split="validation")
    figure = dl.plots.curves(records)
    loss, accuracy = figure.axes
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy / %")
    assert loss.get_xlabel() == "epoch"
    train, validation = loss.lines
    assert train.get_xydata().tolist() == [[1, 2], [2, 1], [3, 0.5]]
    assert validation.get_xydata().tolist() == [[1, 3], [2, 1.5], [3, 1]]
    assert accuracy.lines[0].get_ydata() == pytest.approx([100 / 3, 50, 200 / 3])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "validation"]
    assert (train.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    check_layout(figure)


def test_seeds_are_a_band_of_one_standard_deviation() -> None:
    seeds = [[1.0, 0.5], [2.0, 0.7], [4.0, 0.6]]
    figure = dl.plots.curves({"net": [history(losses) for losses in seeds]}, metrics=["loss"])
    (axes,) = figure.axes
    means = [statistics.fmean(column) for column in zip(*seeds, strict=True)]
    deviations = [statistics.stdev(column) for column in zip(*seeds, strict=True)]
    assert axes.lines[0].get_ydata() == pytest.approx(means)
    outline = np.asarray(axes.collections[0].get_paths()[0].vertices)
    first = outline[outline[:, 0] == 1.0, 1]
    assert (first.min(), first.max()) == pytest.approx(
        (means[0] - deviations[0], means[0] + deviations[0])
    )


def test_members_are_a_band_and_those_that_diverged_are_left_out() -> None:
    members = {"loss": [1.0, 3.0, float("nan")]}
    found = band([[Record(5, 0.5, "train", {"loss": 2.0}, members=members)]], "train", "loss")
    assert found.mean.tolist() == [2.0]
    assert found.deviation == pytest.approx([statistics.stdev([1.0, 3.0])])


def test_seeds_share_only_the_steps_that_all_have() -> None:
    found = band([history([1.0, 2.0, 3.0]), history([3.0, 4.0])], "train", "loss")
    assert found.epochs.tolist() == [1.0, 2.0]
    assert found.mean.tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([2.0, 1.0, 0.1], "linear"),
        ([3.0, 0.3, 0.01], "log"),
        ([3.0, 0.01, -1.0], "linear"),
        ([20.0, 1.2, 1.0, 0.9, 0.8], "log"),
        ([4.0, 1.2, 1.0, 0.9, 0.81], "linear"),
    ],
)
def test_the_axis_is_logarithmic_where_values_span_a_wide_range(
    losses: list[float], scale: str
) -> None:
    figure = dl.plots.curves(history(losses), metrics=["loss"])
    assert figure.axes[0].get_yscale() == scale


def test_runs_differ_in_more_than_colour() -> None:
    names = ["a", "b", "c", "d"]
    figure = dl.plots.curves({name: history([1.0, 0.5]) for name in names}, metrics=["loss"])
    lines = figure.axes[0].lines
    assert len({line.get_color() for line in lines}) == 4
    assert len({str(line.get_marker()) for line in lines}) == 4
    check_layout(figure)


def test_five_metrics_of_runs_with_long_names_can_be_read() -> None:
    values = dict.fromkeys(("loss", "accuracy", "bits", "perplexity", "error"), 1.0)
    splits = ("train", "validation")
    records = [Record(n, float(n), split, values) for split in splits for n in (1, 2)]
    figure = dl.plots.curves({f"learning rate 0.0{n}, dropout 0.{n}": records for n in range(3)})
    assert sum(axes.get_visible() for axes in figure.axes) == 5
    check_layout(figure)


def test_a_wide_band_leaves_the_axis_logarithmic() -> None:
    """In its first epoch one of two nets is far off: mean minus deviation is below 0."""
    seeds = [[0.9, 0.8, 0.7], [99.0, 0.7, 0.6]]
    figure = dl.plots.curves({"net": [history(losses) for losses in seeds]}, metrics=["loss"])
    assert figure.axes[0].get_yscale() == "log"
    low, high = figure.axes[0].get_ylim()
    assert 0.1 < low < 0.65
    assert high > 49.95
    check_layout(figure)


@pytest.mark.parametrize("name", ["a learning rate of 0.01 and " * 5, "/a/long/path" * 10, "$5"])
def test_long_names_are_broken_into_lines_below_a_single_metric(name: str) -> None:
    records = history([2.0, 1.0]) + history([3.0, 1.5], split="validation")
    figure = dl.plots.curves({f"{name} {n}": records for n in range(3)}, metrics=["loss"])
    check_layout(figure)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == 6
    assert all(text.split()[-1] in ("train", "validation") for text in texts)
    assert figure.axes[0].get_window_extent().height > 150


def test_values_that_are_not_finite_break_no_curve() -> None:
    figure = dl.plots.curves(history([1.0, float("nan"), float("inf"), 0.5]), metrics=["loss"])
    drawn = figure.axes[0].lines[0].get_ydata()
    assert np.isfinite(drawn).tolist() == [True, False, False, True]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="there is no record yet"):
        dl.plots.curves([])
    with pytest.raises(InputError, match="the records have no 'los'; did you mean loss"):
        dl.plots.curves(history([1.0]), metrics=["los"])
