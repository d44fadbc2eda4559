"""TIMIT in its own layout: `timit:PATH`, a transcription into phones.

    PATH/TRAIN/DR1/FCJF0/SI1027.WAV        PATH/TEST/DR1/MDAB0/SX49.WAV
    PATH/TRAIN/DR1/FCJF0/SI1027.PHN        PATH/TEST/DR1/MDAB0/SX49.PHN

Names may be in lower case, and recordings NIST SPHERE, as they came, or wav. A line of a .PHN file
has the first and last sample of a phone, and the phone. The sentences SA1 and SA2, which everybody
reads, are left out. The test part are the 24 speakers of the core test set, the validation part the
50 speakers whom Halberstadt 1998 took for development, both from TEST; its others are not used.
Names and speakers are TIMIT's own, so that no `file_names` and no `test_speaker` can be given.
Source: Garofolo et al. 1993 (the corpus and its core test set).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dl.data.audio.files import decode_sound
from dl.data.audio.listening import FILE_NAMES, Listening
from dl.data.audio.phones import PHONES, Kinds, folded, phone_set
from dl.data.audio.recordings import without_long
from dl.data.audio.resample import resampled
from dl.data.audio.stored import StoredFile, find_sounds
from dl.data.dataset import Dataset
from dl.data.naming import listed, shown
from dl.data.readers.transcribed import Utterance, transcribed
from dl.errors import InputError

_CORE = (
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 "
    "mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0"
)
CORE = frozenset(_CORE.split())
"""The speakers of the core test set: two men and a woman of each of eight regions."""
_DEVELOPMENT = (
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 "
    "fedw0 mgjf0 mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 "
    "mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 "
    "mteb0 mjfc0 mrjr0 fmml0 mrws1"
)
DEVELOPMENT = frozenset(_DEVELOPMENT.split())
_RATE = 16_000


class _Sentence(NamedTuple):
    """What one speaker read: its files, where they lie, and the part of the corpus."""

    name: str
    part: str
    speaker: str
    sound: StoredFile
    phones: StoredFile


def load_timit(
    path: str | Path, *, validation: float = 0.0, listening: Listening | None = None
) -> Dataset:
    """Waveforms with their phones, of 39 kinds or 48 or 61 (`Listening.phones`).

    Raises:
        InputError: for another layout, a recording without phones, a phone that is none of the 61,
            a corpus without training or core test sentences, `file_names` and a `test_speaker`.
    """
    listening, path = listening or Listening(), Path(path).expanduser()
    _check_listening(listening)
    rate = listening.sample_rate or _RATE
    parts: dict[str, list[Utterance]] = {"train": [], "validation": [], "test": []}
    passed_over = 0
    for sentence in _sentences(path):
        part = _part_of(sentence)
        if part is None:
            passed_over += 1
        else:
            parts[part].append(_read(sentence, path, rate, listening.phones))
    for part in ("train", "test"):
        if not parts[part]:
            what = "TRAIN" if part == "train" else "TEST by a speaker of the core test set"
            raise InputError(f"{path} has no sentence in {what}: give the folder of TIMIT")
    train, left_out = without_long(parts["train"], listening.longest, rate, path)
    return transcribed(
        f"timit:{path}",
        train,
        parts["validation"],
        parts["test"],
        labels=phone_set(listening.phones),
        rate=rate,
        fraction=validation,
        listening=listening,
        summary=f"{sum(map(len, parts.values())):,} sentences in {listening.phones} kinds of "
        f"phones; {passed_over:,} of other speakers of TEST not used{left_out}",
    )


def _check_listening(listening: Listening) -> None:
    for name, value, usual in (
        ("file_names", listening.file_names, FILE_NAMES),
        ("test_speaker", listening.test_speaker, ""),
    ):
        if value != usual:
            raise InputError(
                f"{name} is {shown(value)!r}, but TIMIT has its own names and test speakers: leave "
                f"--{name.replace('_', '-')} out"
            )


def _sentences(path: Path) -> list[_Sentence]:
    """All sentences but SA1 and SA2, sorted; a copy of a recording as .WAV.wav is passed over."""
    files = find_sounds(path, (".wav", ".phn"), strip=False)
    by_name: dict[tuple[str, ...], dict[str, StoredFile]] = {}
    for file in files:
        *folders, name = (part.lower() for part in file.place.parts[-4:])
        if len(folders) < 3 or folders[0] not in ("train", "test"):
            raise InputError(
                f"{path}/{file.place} does not lie as in TIMIT: TRAIN/DR1/SPEAKER/SENTENCE.WAV"
            )
        stem, _, suffixes = name.partition(".")
        if not stem.startswith("sa"):
            own = by_name.setdefault((*folders, stem), {})
            own.setdefault("phn" if suffixes.endswith("phn") else "wav", file)
    sentences = []
    for key, own in sorted(by_name.items()):
        name = "/".join(key)
        if len(own) < 2:
            raise InputError(f"{path}: {name} lacks its .{'WAV' if 'phn' in own else 'PHN'}")
        sentences.append(_Sentence(name, key[0], key[2], own["wav"], own["phn"]))
    return sentences


def _part_of(sentence: _Sentence) -> str | None:
    if sentence.part == "train":
        return "train"
    if sentence.speaker in CORE:
        return "test"
    return "validation" if sentence.speaker in DEVELOPMENT else None


def _read(sentence: _Sentence, path: Path, rate: int, kinds: Kinds) -> Utterance:
    place = f"{path}/{sentence.sound.place}"
    sound = resampled(decode_sound(sentence.sound.read(), place), rate)
    lines = sentence.phones.read().decode("latin-1").split("\n")
    labels = _phones([line for line in lines if line.strip()], kinds, sentence.name)
    return Utterance(sound.samples, labels, sentence.name)


def _phones(lines: Sequence[str], kinds: Kinds, name: str) -> tuple[str, ...]:
    """The kinds of phones in lines such as `0 2260 h#`."""
    phones = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        samples = [int(word) for word in words[:2] if word.isdecimal() and len(word) < 20]
        if len(words) != 3 or len(samples) != 2 or samples != sorted(samples):
            raise InputError(
                f"line {number} of the phones of {name} is {shown(line)!r}; it must have two "
                "samples, of which the first comes first, and a phone"
            )
        phones.append(words[2].lower())
    if strange := sorted(set(phones) - set(PHONES)):
        raise InputError(f"{name} has phones that are none of TIMIT's 61: {listed(strange)}")
    return tuple(kind for phone in phones if (kind := folded(phone, kinds)) is not None)
