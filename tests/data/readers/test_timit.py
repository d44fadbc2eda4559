"""TIMIT's layout, on a small corpus that is generated in it."""

from pathlib import Path

import numpy as np
import pytest
from sounds import write_wav

import dl
from dl.data.audio.listening import Listening
from dl.data.audio.phones import PHONES, folded, phone_set
from dl.data.readers.timit import CORE, DEVELOPMENT
from dl.errors import InputError

SPOKEN = ("h#", "sh", "ix", "hv", "eh", "dcl", "jh", "q", "ux", "h#")


def sphere(samples: np.ndarray) -> bytes:
    fields = (
        f"sample_count -i {len(samples)}",
        "sample_rate -i 16000",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
        "sample_coding -s3 pcm",
    )
    header = "\n".join(["NIST_1A", "   1024", *fields, "end_head", ""]).encode()
    return header.ljust(1024) + samples.astype("<i2").tobytes()


def write_sentence(folder: Path, name: str, phones: tuple[str, ...] = SPOKEN) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(len(name)).normal(scale=900, size=800 * len(phones))
    (folder / f"{name}.WAV").write_bytes(sphere(samples))
    lines = (f"{800 * n} {800 * n + 800} {phone}" for n, phone in enumerate(phones))
    (folder / f"{name}.PHN").write_text("\n".join(lines) + "\n")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    places = (
        "TRAIN/DR1/FCJF0",
        "TRAIN/DR2/MAEB0",
        "TEST/DR1/MDAB0",  # of the core test set
        "TEST/DR1/FAKS0",  # of the development set
        "TEST/DR1/MJSW9",  # of neither
    )
    for place in places:
        for name in ("SA1", "SI1027", "SX37"):
            write_sentence(tmp_path / place, name)
    return tmp_path


def test_parts_are_train_development_and_core_test_without_sa(corpus: Path) -> None:
    data = dl.load_data(f"timit:{corpus}")
    assert data.sizes == {"train": 4, "validation": 2, "test": 2}
    assert data.spec.sample_rate == 16000
    assert data.spec.class_names[0] == "<blank>"
    assert "2 of other speakers of TEST not used" in data.summary
    words = [data.spec.text.symbols[label] for label in data.test.targets[0]]
    assert words == ["sil", "sh", "ih", "hh", "eh", "sil", "jh", "uw", "sil"]


def test_long_sentences_are_left_out_of_train_alone_and_counted(corpus: Path) -> None:
    write_sentence(corpus / "TRAIN/DR1/FCJF0", "SX127", SPOKEN[:5])
    data = dl.load_data(f"timit:{corpus}", listening=Listening(longest=0.3))
    assert data.sizes == {"train": 1, "validation": 2, "test": 2}
    assert data.summary.endswith("not used; 4 longer than 0.3 s left out of train")
    with pytest.raises(InputError, match=r"no recording is left to train on: raise --longest"):
        dl.load_data(f"timit:{corpus}", listening=Listening(longest=0.1))


def test_options_that_timit_has_no_use_for_are_refused(corpus: Path) -> None:
    for listening, message in (
        (Listening(test_speaker="fcjf0"), r"test_speaker is 'fcjf0', .* leave --test-speaker out"),
        (Listening(file_names="{label}"), r"file_names is '{label}', .* leave --file-names out"),
    ):
        with pytest.raises(InputError, match=message):
            dl.load_data(f"timit:{corpus}", listening=listening)


@pytest.mark.parametrize("kinds", [39, 48, 61])
def test_phones_are_folded(corpus: Path, kinds: int) -> None:
    data = dl.load_data(f"timit:{corpus}", listening=Listening(phones=kinds))  # type: ignore[arg-type]
    assert len(data.spec.text) == kinds
    assert data.test.target_lengths[0] == (10 if kinds == 61 else 9)


def test_folding_is_that_of_lee_and_hon() -> None:
    # The groups that the paper counts as one phone in its results.
    for group in (
        "aa ao",
        "ah ax ax-h",
        "er axr",
        "hh hv",
        "ih ix",
        "l el",
        "m em",
        "n en nx",
        "ng eng",
        "sh zh",
        "uw ux",
    ):
        assert set(group.split()) <= set(PHONES)
        assert len({folded(phone, 39) for phone in group.split()}) == 1, group
    silent = ("h#", "pau", "epi", "bcl", "dcl", "gcl", "pcl", "tcl", "kcl")
    assert set(silent) <= set(PHONES)
    assert {folded(phone, 39) for phone in silent} == {"sil"}
    assert len(PHONES) == len(set(PHONES)) == 61
    assert [len(phone_set(kinds)) for kinds in (39, 48, 61)] == [39, 48, 61]


def test_the_core_test_set_has_24_speakers_none_of_whom_is_for_development() -> None:
    assert (len(set(CORE)), len(set(DEVELOPMENT))) == (24, 50)
    assert not set(CORE) & set(DEVELOPMENT)
    assert sum(name.startswith("m") for name in CORE) == 16  # two men and a woman of each region


def test_wav_copies_and_lower_case_are_read(corpus: Path, tmp_path: Path) -> None:
    lower = tmp_path / "lower"
    for part in ("TRAIN", "TEST"):
        for file in (corpus / part).rglob("*.PHN"):
            place = lower / str(file.relative_to(corpus)).lower()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.read_text())
            write_wav(place.with_suffix(".wav"), np.ones(9000), rate=16000)
            write_wav(place.with_suffix(".wav.wav"), np.ones(9000), rate=16000)
    assert dl.load_data(f"timit:{lower}").sizes == {"train": 4, "validation": 2, "test": 2}


def test_what_is_not_timit_is_named(corpus: Path) -> None:
    phones = corpus / "TEST/DR1/MDAB0/SX37.PHN"
    good = phones.read_text()
    for content, message in (
        (good.replace("sh", "shh"), r"phones that are none of TIMIT's 61: shh"),
        (good.replace("800 1600 sh", "800 sh"), "line 2 of the phones of test/dr1/mdab0/sx37"),
        ("0 800 q\n", "has no labels"),
    ):
        phones.write_text(content)
        with pytest.raises(InputError, match=message):
            dl.load_data(f"timit:{corpus}")
    phones.unlink()
    with pytest.raises(InputError, match=r"mdab0/sx37 lacks its \.PHN"):
        dl.load_data(f"timit:{corpus}")
    (corpus / "TEST/DR1/MDAB0").rename(corpus / "TEST/DR1/MDAB9")
    (corpus / "TEST/DR1/MDAB9/SX37.PHN").write_text(good)
    with pytest.raises(InputError, match="core test set"):
        dl.load_data(f"timit:{corpus}")
