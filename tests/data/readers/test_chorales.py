"""Chorales: notes as keys, frames to predict, files that hold something else."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dl.data.dataset import DataSpec
from dl.data.load import load_data
from dl.data.readers.chorales import load_chorales
from dl.errors import InputError

SONGS = {
    "train": [[[60, 64, 67], [60.0], []], [[108], [21]]] * 5,
    "valid": [[[50]]],
    "test": [[[60], [61], [62], [63]]],
}


def write(path: Path, songs: Any) -> Path:
    data = (songs if isinstance(songs, str) else json.dumps(songs)).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_notes_are_keys_and_inputs_are_the_frames_before_the_targets(tmp_path: Path) -> None:
    data = load_chorales(write(tmp_path / "songs.json", SONGS))
    assert data.train.lengths.tolist() == [2] * 5 + [3] * 5
    song = data.train.targets[5]
    assert [np.flatnonzero(frame).tolist() for frame in song] == [[39, 43, 46], [39], []]
    assert [data.spec.class_names[key] for key in (0, 39, 40, 87)] == ["A0", "C4", "C♯4", "C8"]
    assert (data.train.inputs[:, 0] == 0).all(), "before the first frame is silence"
    np.testing.assert_array_equal(data.train.inputs[5:, 1:], data.train.targets[5:, :-1])
    assert np.flatnonzero(data.train.targets[0]).tolist() == [87, 88]
    assert data.spec == DataSpec(
        name=f"chorales:{tmp_path}/songs.json",
        task="frames",
        input_shape=(3, 88),
        input_dtype="float32",
        class_names=data.spec.class_names,
        train_size=10,
        ragged=True,
    )
    assert data.spec.has_step_targets
    assert data.train.step_targets
    assert (data.train.widths, data.test.widths) == ((2, 3), (2, 4))


def test_files_may_be_compressed_and_folders_hold_a_file_for_each_part(tmp_path: Path) -> None:
    whole = load_chorales(write(tmp_path / "songs.json", SONGS))
    folder = tmp_path / "songs"
    folder.mkdir()
    for part, songs in SONGS.items():
        write(folder / f"{part}.json.gz", songs)
    for path in (write(tmp_path / "songs.json.gz", SONGS), folder):
        assert load_data(f"chorales:{path}").fingerprint == whole.fingerprint


def test_validation_is_the_files_own_or_a_fraction_of_train(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.json", SONGS)
    assert load_chorales(path).validation.lengths.tolist() == [1]
    cut = load_chorales(path, validation=0.3)
    assert (len(cut.train), len(cut.validation), cut.spec.train_size) == (7, 3, 7)
    two = load_chorales(write(path, {"train": SONGS["train"], "validation": SONGS["test"]}))
    assert (two.validation, two.test.lengths.tolist()) == (None, [4])


def test_fingerprints_change_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "songs.json"
    other = {**SONGS, "test": [[[60], [61], [62], [64]]]}
    assert (
        load_chorales(write(path, SONGS)).fingerprint
        != load_chorales(write(path, other)).fingerprint
    )


@pytest.mark.parametrize(
    ("songs", "says"),
    [
        ({**SONGS, "test": [[[60], [20]]]}, r"the chord \[20\]; a piano's notes are 21 to 108"),
        ({**SONGS, "train": [[[109]]]}, r"the chord \[109\]"),
        ({**SONGS, "train": [[[60.5]]]}, r"the chord \[60.5\]"),
        ({**SONGS, "train": [[["C4"]]]}, r'the chord \["C4"\]'),
        ({**SONGS, "train": [[60]]}, "the chord 60"),
        ('{"train": [[[NaN]]], "test": [[[60]]]}', r"the chord \[NaN\]"),
        ({**SONGS, "train": [[]]}, "a song without chords"),
        ({**SONGS, "train": ["song"]}, "a song without chords"),
        ({**SONGS, "train": []}, "a part without songs"),
        ({**SONGS, "test": [[[]]]}, "no note sounds in the test part"),
        ({**SONGS, "train": {"a": 1}}, "a part without songs"),
        ({"train": [[[60]]]}, "needs lists called train and test"),
        ({"songs": [[[60]]]}, "needs lists called train and test"),
        ([[[60]]], "needs lists called train and test"),
        (3, "needs lists called train and test"),
        ("no json", "is no JSON"),
        (" ", "is empty"),
    ],
)
def test_files_that_hold_no_chorales_are_refused_in_one_line(
    tmp_path: Path, songs: Any, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        load_chorales(write(tmp_path / "songs.json", songs))
    assert "songs.json" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_missing_files_and_files_without_a_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*nowhere.json"):
        load_chorales(tmp_path / "nowhere.json")
    write(tmp_path / "train.json", SONGS)
    with pytest.raises(InputError, match=r"train.json has a part without songs"):
        load_chorales(tmp_path)


def test_the_real_chorales(shared_data: Path) -> None:
    path = shared_data / "jsb_chorales" / "jsb-chorales-quarter.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    data = load_chorales(path)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [229, 76, 77]
    assert data.train.targets.sum(axis=-1).max() == 4, "four voices"
