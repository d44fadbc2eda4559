"""The parts of a page: escaping, axes, thinned curves, charts, expected figures, pictures."""

import base64
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_cases import EVIL, Outline
from PIL import Image

from dl.reports.page.chart import COLUMNS, Axes, Line, line_chart
from dl.reports.page.expected import Expected, expected_of
from dl.reports.page.html import Html, tag, text
from dl.reports.page.pictures import png
from dl.reports.page.scales import span, ticks
from dl.reports.page.thin import kept_points

ROOT = Path(__file__).resolve().parents[3]
few = settings(max_examples=30)
AXES = Axes("loss", "epoch", "a")


@few
@given(st.text())
def test_no_text_becomes_an_element_or_leaves_its_attribute(words: str) -> None:
    outline = Outline(tag("p", words, title=words))
    assert [name for name, _ in outline.elements] == ["p"]
    assert not outline.unclosed
    text(words).encode()  # no half of a surrogate is left


def test_html_is_not_escaped_twice() -> None:
    assert tag("p", tag("b", "a & b")) == "<p><b>a &amp; b</b></p>"
    assert text(Html("<b>")) == "<b>"


@few
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 8))
def test_ticks_lie_inside_at_even_distances(low: float, width: float, most: int) -> None:
    found = ticks(low, low + width, most)
    room = 1e-6 * (abs(low) + width)
    assert len(found) <= most
    assert all(low - room <= tick <= low + width + room for tick in found)
    distances = np.diff(found)
    assert np.allclose(distances, distances[:1], rtol=1e-3)


def test_values_that_rounding_sets_apart_count_as_equal() -> None:
    """Axes between them would have numbers that a browser cannot count up to."""
    low, high = span([0.7, math.nextafter(0.7, 1.0)])
    assert low < 0.4
    assert high > 1.0


def test_thinned_curve_keeps_every_peak() -> None:
    ys = np.sin(np.arange(100_000) / 300)
    ys[41_234], ys[77_777] = 9.0, -9.0
    kept = kept_points(range(100_000), ys, columns=100)
    assert {0, 41_234, 77_777, 99_999} <= set(kept)
    assert len(kept) <= 400
    assert kept == sorted(kept)


@few
@given(st.lists(st.floats(-5, 5), min_size=30, max_size=60))
def test_thinned_curve_has_the_range_of_the_whole(ys: list[float]) -> None:
    drawn = [ys[place] for place in kept_points(range(len(ys)), ys, columns=3)]
    assert (min(drawn), max(drawn)) == (min(ys), max(ys))


def test_points_of_a_chart_lie_where_their_numbers_are() -> None:
    """The area goes from 58 to 408 and, with 4 % room at each end, from 208 up to 12."""
    chart = line_chart(AXES, [Line("train", [0.0, 5.0, 10.0], [1.0, 0.0, 2.0])])
    path = next(each for each in Outline(chart).named("path") if "data-xs" in each)
    _, *pairs = path["d"].removeprefix("M").split()  # the first point stands twice
    points = [tuple(map(float, pair.split(","))) for pair in pairs]
    top, bottom, room = 12.0, 208.0, 0.08
    height = (bottom - top) / (2.0 + 2 * room)
    wanted = [(58, 1.0), (233, 0.0), (408, 2.0)]
    for (x, y), (place, value) in zip(points, wanted, strict=True):
        assert x == place
        assert y == pytest.approx(bottom - (value + room) * height, abs=0.06)
    assert (path["data-xs"], path["data-ys"]) == ("0 5 10", "1 0 2")


def test_chart_says_in_words_what_it_shows() -> None:
    lines = [Line("train", [1.0, 2.0, 3.0], [0.5, 0.1, 0.25])]
    outline = Outline(line_chart(AXES._replace(percent=True), lines))
    assert (
        "train: from 50 % at epoch 1 to 25 % at 3, lowest 10 % at 2, highest 50 %" in outline.text
    )
    assert outline.named("svg")[0]["role"] == "img"
    assert outline.text.count("25 %") == 2, "beside the chart, the table has the numbers"


def test_numbers_that_are_not_finite_are_gaps() -> None:
    ys = [1.0, math.nan, 2.0, math.inf, 3.0, 4.0]
    chart = line_chart(AXES, [Line("train", list(range(6)), ys)])
    path = next(each for each in Outline(chart).named("path") if "data-xs" in each)
    assert path["d"].count("M") == 3
    assert "nan" not in str(path["d"])


def test_long_curves_are_drawn_and_listed_in_part() -> None:
    xs = [n / 1000 for n in range(100_000)]
    chart = line_chart(AXES, [Line("train", xs, [math.cos(x) for x in xs])])
    outline = Outline(chart)
    path = next(each for each in outline.named("path") if "data-xs" in each)
    assert len(path["data-xs"].split()) <= 4 * COLUMNS
    assert len(outline.named("tr")) == 41
    assert "40 of 100,000 places; metrics.jsonl has all." in outline.text
    assert len(chart) < 120_000


def test_expected_figures_of_experiments() -> None:
    """What a reader sees in the docstrings."""
    seen = {
        "lenet_digits": ("accuracy", 0.9944, 0.0019),
        "lenet_mnist": ("accuracy", 0.9943, None),
        "rnn_adding": ("mse", 0.139, None),
        "gru_shakespeare": ("loss", 1.554, None),
        "resnet18_fashion_mnist": (None, None, None),
    }
    for name, wanted in seen.items():
        source = (ROOT / "experiments" / f"{name}.py").read_text(encoding="utf-8")
        found = expected_of(source)
        assert found is not None
        assert found[1:4] == wanted


def test_band_is_two_deviations_to_either_side() -> None:
    expected = Expected("", "accuracy", 0.99, 0.002, percent=True)
    assert expected.band == pytest.approx((0.986, 0.994))
    assert expected.judge(0.994) == "within the expected band"
    assert expected.judge(0.95) == "4.00 points below the expected figure"
    assert Expected("", "loss", 1.5, None).judge(1.75) == "0.25 above the expected figure"
    assert Expected("", "loss", 1.5, None).judge(1.5) == "the expected figure"


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_in_the_page_pixel_for_pixel(channels: int) -> None:
    pixels = np.arange(25 * channels, dtype=np.uint8).reshape(5, 5, channels)
    address = png(pixels)
    encoded = address.removeprefix("data:image/png;base64,")
    read = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))
    np.testing.assert_array_equal(read.reshape(pixels.shape), pixels)


def test_style_and_script_name_no_address() -> None:
    for name in ("page.css", "page.js"):
        source = (ROOT / "dl/reports/page" / name).read_text(encoding="utf-8")
        assert not re.findall(
            r"(https?:)?//(?!www.w3.org/2000/svg)\w+\.", source.replace("// ", "")
        )
        assert "innerHTML" not in source
        assert EVIL not in source
