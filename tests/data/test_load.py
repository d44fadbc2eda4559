"""From a name to a data set: which reader a name chooses, and which names are refused."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from dl.data.load import (
    READERS,
    TFDS,
    Reader,
    absolute,
    can_be_resized,
    describe_data,
    load_data,
)
from dl.data.text.reading import Reading
from dl.errors import InputError

ROWS = {
    "text": "abcd" * 10,
    "lines": "ab\ncd\n" * 6,
    "jsonl": '{"text": "ab"}\n' * 12,
    "tsv": "a\t0\nb\t1\n" * 6,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of every form, called by it; it is also the home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind, text in ROWS.items():
        (tmp_path / kind).write_text(text)
    (tmp_path / "chorales").write_text('{"train": [[[60]]], "test": [[[61]]]}')
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        ("text", "language"),
        ("lines", "language"),
        ("jsonl", "language"),
        ("tsv", "classification"),
        ("chorales", "frames"),
    ],
)
def test_the_word_before_the_colon_chooses_the_reader(folder: Path, kind: str, task: str) -> None:
    name = f"{kind}:{folder / kind}"
    data = load_data(name, reading=Reading(segment=2))
    assert (data.spec.task, data.spec.name) == (task, name)
    assert describe_data(name, reading=Reading(segment=2)) == data.spec
    assert absolute(f"{kind}:~/{kind}") == name
    assert load_data(f"{kind}:~/{kind}", reading=Reading(segment=2)).fingerprint == data.fingerprint
    assert not can_be_resized(name)


def test_the_reading_of_text_is_handed_on(folder: Path) -> None:
    data = load_data(
        f"text:{folder}/text", reading=Reading(unit="byte", segment=5, order="windows")
    )
    assert (data.spec.input_shape, len(data.spec.text), data.train.order) == ((5,), 256, "windows")


def test_a_name_without_a_path_stays_as_it_is() -> None:
    assert [absolute(name) for name in ("mnist", "adding:400", "")] == ["mnist", "adding:400", ""]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "no public data set of its own: give --dataset"),
        ("texts:a", "unknown kind of data set 'texts'"),
        ("adding:1", "adding:1 is no length"),
        ("adding:x", "adding:x is no length"),
        ("digit", r"did you mean digits\?"),
        ("text:nowhere", "there is no nowhere"),
        ("chorales:nowhere", "there is no nowhere"),
    ],
)
def test_unknown_data_sets_are_refused_in_one_line(name: str, says: str) -> None:
    for open_it in (load_data, describe_data):
        with pytest.raises(InputError, match=says) as refused:
            open_it(name)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["digits", "adding:4", "text:a", "chorales:a"])
def test_data_without_pictures_of_many_sizes_refuse_to_resize_or_crop(name: str) -> None:
    with pytest.raises(InputError, match=r"image_size is for .*: leave it out"):
        load_data(name, image_size=(8, 8))
    with pytest.raises(InputError, match=r"random_crops is for .*: leave it out"):
        load_data(name, random_crops=True)


@pytest.mark.parametrize("option", [{"colour": "grey"}, {"damaged": "skip"}])
@pytest.mark.parametrize("name", ["digits", "mnist", "adding:4", "text:a", "chorales:a"])
def test_other_data_refuse_the_options_of_folders(name: str, option: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"{next(iter(option))} is for pictures.*: leave it out"):
        load_data(name, **option)


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_other_data_are_not_described_in_a_colour(name: str) -> None:
    with pytest.raises(InputError, match="colour is for pictures in a folder"):
        describe_data(name, colour="grey")


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
@pytest.mark.parametrize("kind", [*ROWS, "chorales", "adding"])
def test_validation_that_is_no_fraction_is_refused_everywhere(
    folder: Path, kind: str, fraction: float
) -> None:
    name = "adding:4" if kind == "adding" else f"{kind}:{folder / kind}"
    with pytest.raises(InputError, match="0 <= fraction < 1"):
        load_data(name, validation=fraction, reading=Reading(segment=2))


@pytest.mark.parametrize("reader", [*READERS.values(), TFDS], ids=[*READERS, "tfds"])
def test_readers_take_what_their_row_says(reader: Reader) -> None:
    known = inspect.signature(load_data).parameters
    options = dict.fromkeys(reader.options)
    assert set(options) <= set(known)
    place = ["place"] if reader.behind or reader is TFDS else []
    inspect.signature(reader.read).bind(*place, validation=0.0, **options)
