"""Recordings in folders: layouts, the test part, rates, speakers, strings joined from them."""

import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sounds import TONES, tone, write_named, write_wav

import dl
from dl.data.audio.listening import Listening
from dl.data.audio.recordings import Recording, read_recordings
from dl.data.audio.too_short import steps_needed
from dl.data.readers.spoken_strings import hold_out, make_strings
from dl.data.readers.transcribed import Utterance
from dl.errors import InputError


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_named(tmp_path_factory.mktemp("named"))


def test_numbers_0_to_4_of_each_speaker_and_word_are_the_test_part(named: Path) -> None:
    data = dl.load_data(f"audio:{named}")
    assert data.spec.class_names == ("high", "low")
    assert (len(data.train), len(data.test)) == (2 * 2 * 3, 2 * 2 * 5)
    assert (data.spec.sample_rate, data.spec.input_dtype) == (8000, "int16")
    assert not data.spec.has_symbols
    assert "numbers 0 to 4" in data.summary
    # The shortest of the training recordings is number 5 of a word.
    assert data.train.lengths[0] == 900 + 40 * 5
    words = {name: np.rint(tone(name, 5)).astype(np.int16) for name in TONES}
    row = data.train.inputs[0, : data.train.lengths[0]]
    label = data.spec.class_names[data.train.targets[0]]
    assert np.abs(row - words[label]).max() <= 1


def test_a_speaker_can_be_left_out_for_testing(named: Path) -> None:
    recordings = read_recordings(named, Listening(test_speaker="bob"))
    assert {one.speaker for one in recordings.train} == {"ann"}
    assert {one.speaker for one in recordings.test} == {"bob"}
    with pytest.raises(InputError, match=r"no speaker 'eve' to leave out; it has ann, bob"):
        read_recordings(named, Listening(test_speaker="eve"))


def test_an_archive_is_read_as_the_folder_in_it(named: Path, tmp_path: Path) -> None:
    archive = tmp_path / "recordings.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(named, arcname="recordings")
    names = (f"audio:{named}", f"audio:{archive}")
    one, other = (dl.load_data(name).fingerprint for name in names)
    assert one == other
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(InputError, match="cannot be unpacked"):
        dl.load_data(names[1])


def test_folders_are_classes_and_parts(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        for word in TONES:
            for number in range(3 if part == "train" else 1):
                write_wav(tmp_path / part / word / f"{number}.wav", tone(word, number))
    data = dl.load_data(f"audio:{tmp_path}")
    assert data.sizes == {"train": 6, "validation": 2, "test": 2}
    held_out = dl.load_data(f"audio:{tmp_path}", validation=0.34)
    assert held_out.sizes == {"train": 4, "validation": 2, "test": 2}


def test_without_parts_and_names_a_tenth_is_the_test_part(tmp_path: Path) -> None:
    for word in TONES:
        for number in range(10):
            write_wav(tmp_path / word / f"{number}.wav", tone(word, number))
    assert dl.load_data(f"audio:{tmp_path}").sizes == {"train": 18, "test": 2}


def test_names_follow_the_pattern_that_is_given(tmp_path: Path) -> None:
    for word in TONES:
        for number in range(7):
            write_wav(tmp_path / f"{number}-{word}.wav", tone(word, number))
    with pytest.raises(InputError, match=r"0-high\.wav: the name does not follow"):
        read_recordings(tmp_path, Listening())
    listening = Listening(file_names="{index}-{label}")
    assert len(read_recordings(tmp_path, listening).test) == 1


def write_commands(folder: Path, *, speakers: int) -> Path:
    """Recordings as in Google's Speech Commands: a folder for each word, hashes for speakers."""
    for word in TONES:
        for number in range(speakers):
            path = folder / word / f"{number:03x}f_nohash_{number % 2}.wav"
            write_wav(path, tone(word, number))
    return folder


def test_names_in_class_folders_tell_nothing_by_chance(tmp_path: Path) -> None:
    recordings = read_recordings(write_commands(tmp_path, speakers=10), Listening())
    assert (len(recordings.train), len(recordings.test)) == (18, 2)
    assert {one.speaker for one in recordings.train} == {""}
    assert {one.label for one in recordings.train} == {*TONES}
    assert "20 recordings of high, low at 8,000 Hz; a tenth of them" in recordings.summary


def test_names_in_class_folders_tell_speakers_by_a_pattern_that_is_given(tmp_path: Path) -> None:
    write_commands(tmp_path, speakers=20)
    write_wav(tmp_path / "_background_noise_" / "dishes.wav", tone("low", 0))
    listening = Listening(file_names="{speaker}_nohash_{index}")
    recordings = read_recordings(tmp_path, listening)
    train, test = ({one.speaker for one in part} for part in (recordings.train, recordings.test))
    assert (len(train), len(test), train & test) == (18, 2, set())
    assert (len(recordings.train), len(recordings.test)) == (36, 4)
    assert "a tenth of the speakers" in recordings.summary
    one = read_recordings(tmp_path, replace(listening, test_speaker="003f"))
    assert [one.speaker for one in one.test] == ["003f"] * 2


def test_names_that_repeat_the_class_of_their_folder_tell_the_speaker(tmp_path: Path) -> None:
    for word in TONES:
        for number in range(8):
            write_wav(tmp_path / word / f"{word}_ann_{number}.wav", tone(word, number))
    recordings = read_recordings(tmp_path, Listening())
    assert (len(recordings.train), len(recordings.test)) == (6, 10)
    assert {one.speaker for one in recordings.train} == {"ann"}


def test_folders_of_speakers_around_classes_are_refused(tmp_path: Path) -> None:
    for speaker in ("ann", "bob"):
        for word in TONES:
            write_wav(tmp_path / speaker / word / "0.wav", tone(word, 0))
    with pytest.raises(InputError, match=r"ann/high/0\.wav lies in folders in one another"):
        read_recordings(tmp_path, Listening())


@pytest.mark.parametrize(
    ("file_names", "message"),
    [
        ("{label}_{label}_{index}", "with {label} twice: give each field once"),
        ("{label}_{spekaer}_{index}", "{spekaer} is none of {label}, {speaker}, {index}"),
        ("{label}_{}", "{} is none of"),
        ("{speaker}_{index}", r"no folder tells the label of .*high_ann_0\.wav"),
    ],
)
def test_a_wrong_pattern_of_names_is_named(named: Path, file_names: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_recordings(named, Listening(file_names=file_names))
    assert str(error.value).startswith(f"file_names is {file_names!r}, ")


def test_rates_must_be_one_or_are_brought_to_one(tmp_path: Path) -> None:
    write_named(tmp_path, speakers=("ann",))
    steps = np.arange(1600)
    write_wav(tmp_path / "low_ann_8.wav", 6000 * np.sin(0.1 * steps), rate=16000)
    with pytest.raises(InputError, match=r"8000, 16000 Hz: give --sample-rate"):
        read_recordings(tmp_path, Listening())
    recordings = read_recordings(tmp_path, Listening(sample_rate=8000))
    (halved,) = (one for one in recordings.train if len(one.samples) == 800)
    # A tone far below half the rate stays what it was, but for the ends of the filter.
    expected = 6000 * np.sin(0.1 * steps[::2])
    np.testing.assert_allclose(halved.samples[50:-50], expected[50:-50], atol=60)


def test_long_recordings_are_left_out_of_train_alone_and_counted(named: Path) -> None:
    recordings = read_recordings(named, Listening(longest=1120 / 8000))
    assert max(len(one.samples) for one in recordings.train) <= 1120
    assert len(recordings.test) == 20
    assert "8 longer than 0.14 s left out" in recordings.summary
    with pytest.raises(InputError, match="no recording is left"):
        read_recordings(named, Listening(longest=0.01))


def test_strings_are_joined_from_the_recordings_of_their_own_part(named: Path) -> None:
    listening = Listening(strings=12, test_strings=6, most_words=3)
    data = dl.load_data(f"spoken_strings:{named}", listening=listening)
    assert data.spec.task == "transcription"
    assert data.spec.class_names == ("<blank>", "high", "low")
    assert data.spec.text.symbols == ("high", "low")
    assert data.sizes == {"train": 12, "test": 6}
    assert data.spec.longest_target == data.train.target_lengths.max() <= 3
    recordings = read_recordings(named, listening)
    for source, own, others in (
        (data.train, recordings.train, recordings.test),
        (data.test, recordings.test, recordings.train),
    ):
        lengths = {len(one.samples) for one in own}
        assert not lengths & {len(one.samples) for one in others}
        for row, length, words in zip(
            source.inputs, source.lengths, source.target_lengths, strict=True
        ):
            if words == 1:  # one recording between two pauses of faint noise
                loud = np.flatnonzero(np.abs(row[:length].astype(int)) > 600)
                assert min(abs(loud[-1] - loud[0] - each) for each in lengths) < 40


def test_validation_strings_are_joined_from_recordings_that_no_training_string_has(
    named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: list[Sequence[Recording]] = []

    def make(part: Sequence[Recording], *rest: Any, **options: Any) -> list[Utterance]:
        joined.append(part)
        return make_strings(part, *rest, **options)

    monkeypatch.setattr("dl.data.readers.spoken_strings.make_strings", make)
    listening = Listening(strings=12, test_strings=6)
    data = dl.load_data(f"spoken_strings:{named}", listening=listening, validation=0.25)
    assert data.sizes == {"train": 9, "validation": 3, "test": 6}
    train, validation, test = (
        {(one.speaker, one.label, len(one.samples)) for one in part} for part in joined
    )
    assert (len(train), len(validation), len(test)) == (9, 3, 20)
    assert not train & validation
    assert {one[:2] for one in train} == {one[:2] for one in test}  # each word of each speaker


def test_held_out_recordings_may_not_be_all_of_a_word() -> None:
    words = [Recording(np.zeros(9, np.int16), word) for word in ("yes", "no")]
    with pytest.raises(InputError, match="few has too few examples to train on the class"):
        hold_out(words, fraction=0.5, name="few")
    assert [len(part) for part in hold_out(words * 2, fraction=0.01, name="few")] == [3, 1]


def test_strings_are_the_same_for_a_seed_and_others_for_another(named: Path) -> None:
    def digest(**options: int) -> str:
        listening = Listening(strings=8, test_strings=4, **options)
        return dl.load_data(f"spoken_strings:{named}", listening=listening).fingerprint

    assert digest() == digest()
    assert digest() != digest(string_seed=1)


def test_strings_too_short_for_their_labels_are_named_counted_and_left_out(named: Path) -> None:
    listening = Listening(strings=30, test_strings=30, most_words=6, stack=20)
    data = dl.load_data(f"spoken_strings:{named}", listening=listening)
    left_out = 60 - len(data.train) - len(data.test)
    assert 0 < left_out < 30
    assert f"; {left_out} too short for their labels at steps of 200 ms left out: string " in (
        data.summary
    )
    for source in (data.train, data.test):
        steps = -(-(1 - (200 - source.lengths) // 80).clip(1) // 20)
        needed = [
            steps_needed(row[:length])
            for row, length in zip(source.targets, source.target_lengths, strict=True)
        ]
        assert (steps >= needed).all()
    two_words = Listening(strings=1, most_words=6, stack=1000, string_seed=1)
    with pytest.raises(InputError, match="no utterance of the train part is long enough"):
        dl.load_data(f"spoken_strings:{named}", listening=two_words)


def test_one_class_and_foreign_classes_are_refused(tmp_path: Path) -> None:
    for number in range(7):
        write_wav(tmp_path / f"low_ann_{number}.wav", tone("low", number))
    with pytest.raises(InputError, match="has 1 class"):
        dl.load_data(f"audio:{tmp_path}")
    write_wav(tmp_path / "high_ann_0.wav", tone("high", 0))
    write_wav(tmp_path / "other_ann_7.wav", tone("high", 0))
    for kind in ("audio", "spoken_strings"):
        with pytest.raises(InputError, match="no training recording of high"):
            dl.load_data(f"{kind}:{tmp_path}")


def test_recordings_are_shown_as_spectra_with_their_words(named: Path) -> None:
    listening = Listening(strings=6, test_strings=6, most_words=3)
    for name in ("audio", "spoken_strings"):
        shown = dl.load_data(f"{name}:{named}", listening=listening).show(count=2)
        assert shown.sample.kind == "sequences"
        assert {energies.shape[1] for energies in shown.sample.examples} == {40}
        assert {word for label in shown.sample.labels for word in label.split()} <= {*TONES}
        assert "<svg" in shown._repr_html_() or "<img" in shown._repr_html_()
