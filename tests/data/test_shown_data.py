"""What a notebook shows of data sets: the right examples under the right labels, escaped."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dl
from dl.data.sample import draw_sample
from dl.errors import InputError

HOSTILE = "<img src=x onerror=alert(1)>"


def drawn_pictures(html: str) -> list[np.ndarray]:
    sources = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in sources]


def captions(html: str) -> list[str]:
    return re.findall(r"<figcaption>(.*?)</figcaption>", html)


@pytest.fixture(scope="module")
def numbered() -> dl.Dataset:
    """Pictures whose grey value is their number, and whose class is that number modulo 3."""
    numbers = np.arange(60)
    pictures = np.broadcast_to(numbers[:, None, None], (60, 5, 4)).astype(np.uint8)
    return dl.make_dataset(pictures, numbers % 3, class_names=("none", HOSTILE, "two"))


def test_pictures_are_drawn_as_they_are_above_their_own_labels(numbered: dl.Dataset) -> None:
    html = numbered.show(count=12)._repr_html_()
    pictures, names = drawn_pictures(html), captions(html)
    assert len(pictures) == len(names) == 12
    escaped = {0: "none", 1: "&lt;img src=x onerror=alert(1)&gt;", 2: "two"}
    assert [escaped[int(picture[0, 0]) % 3] for picture in pictures] == names
    assert all(picture.shape == (5, 4) and np.ptp(picture) == 0 for picture in pictures)
    assert len({int(picture[0, 0]) for picture in pictures}) == 12, "each once"


def test_another_seed_shows_others_and_the_same_seed_the_same(numbered: dl.Dataset) -> None:
    first, again, other = (numbered.show(seed=seed)._repr_html_() for seed in (1, 1, 2))
    assert first == again != other


def test_the_parts_are_told_apart(numbered: dl.Dataset) -> None:
    assert numbered.show("test", count=2).title == "arrays, test: 2 of 6 examples"
    with pytest.raises(InputError, match="no validation part"):
        numbered.show("validation")
    with pytest.raises(InputError, match=r"count is 65; give .* from 1 to 64"):
        numbered.show(count=65)


def test_pictures_of_floats_reach_from_black_to_white() -> None:
    x = np.linspace(-3.0, 5.0, 20 * 4).reshape(20, 2, 2, 1)
    data = dl.make_dataset(x, np.arange(20) % 2, test=0.1)
    sample = draw_sample(data.train, data.spec, count=18)
    shown = np.stack(sample.examples)
    assert shown.dtype == np.uint8
    assert (shown.min(), shown.max()) == (0, 255)


def test_numbers_are_a_table_with_the_targets_first() -> None:
    x = np.array([[0.25, 1.5]] * 10)
    data = dl.make_dataset(x, np.full(10, 2.5), task="regression")
    html = data.show(count=1)._repr_html_()
    assert re.findall(r"<t[hd][^>]*>([^<]+)", html) == ["label", "x1", "x2", "2.5", "0.25", "1.5"]


def test_several_answers_are_named() -> None:
    sample = dl.load_data("gates").show(count=4).sample
    told = {tuple(row.tolist()): label for row, label in zip(*sample[1:], strict=True)}
    assert told == {
        (0, 0): "nand, nor", (0, 1): "or, nand", (1, 0): "or, nand", (1, 1): "and, or",
    }  # fmt: skip


def test_sequences_are_fields_of_greys_as_wide_as_they_are_long() -> None:
    x = np.arange(30 * 7 * 3, dtype=np.float64).reshape(30, 7, 3)
    data = dl.make_dataset(x, np.arange(30) % 2)
    (picture,) = drawn_pictures(data.show(count=1)._repr_html_())
    assert picture.shape == (3, 7)
    assert picture[0].tolist() == [0, 42, 85, 127, 170, 212, 255]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "labelled.tsv").write_text(
        "".join(f"{HOSTILE} {n}\t{'good' if n % 2 else 'bad'}\n" for n in range(30))
    )
    (folder / "stream.txt").write_text(f"a line\nand {HOSTILE}; " * 100)
    return folder


def test_texts_are_shown_with_their_labels(texts: Path) -> None:
    html = dl.load_data(f"tsv:{texts / 'labelled.tsv'}").show(count=10)._repr_html_()
    rows = re.findall(r"<b>(good|bad)</b> <code[^>]*>(.*?)</code>", html)
    assert len(rows) == 10
    assert "<img" not in html
    assert all(("bad", "good")[int(text.split()[-1]) % 2] == label for label, text in rows)


def test_a_stream_is_shown_in_pieces_of_one_line_each(texts: Path) -> None:
    data = dl.load_data(f"text:{texts / 'stream.txt'}")
    html = data.show(count=5)._repr_html_()
    pieces = re.findall(r"<code[^>]*>(.*?)</code>", html)
    assert len(pieces) == 5
    assert "↵" in html
    assert "<img" not in html


def test_a_data_set_says_what_it_holds(numbered: dl.Dataset) -> None:
    html = numbered._repr_html_()
    for fact in ("classification; classes: 3 (none, &lt;img", "5×4×1 uint8", "train 54, test 6"):
        assert fact in html
    assert len(drawn_pictures(html)) == 8
    assert repr(numbered) == "Dataset(arrays, classification: train 54, test 6)"


def test_a_vocabulary_shows_blanks_and_escapes_the_rest(texts: Path) -> None:
    html = dl.load_data(f"text:{texts / 'stream.txt'}").spec.text._repr_html_()
    symbols = re.findall("<code>(.*?)</code>", html)
    assert r"\n" in symbols
    assert "&lt;" in symbols
    assert "symbols (char)" in html
