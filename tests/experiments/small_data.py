"""Small files for the experiments on sequences, and options that keep their nets small."""

import json
import wave
from pathlib import Path

import numpy as np
from PIL import Image

LINES = (
    "the cat sat on the mat",
    "a dog ran to the door",
    "no one saw the fox",
    "the hen ate all the corn",
)
ENGLISH = {"hund": "dog", "katze": "cat", "maus": "mouse", "sieht": "sees"}
PROGRAM = "int main() {{ int n = {0}; return n + {0}; }}"


def write_small_data(folder: Path) -> dict[str, str]:
    """The names for `--dataset`, by the form of the data: text, jsonl, lines, tsv, pairs, chorales,
    audio, spoken_strings, timit, captions, ratings.
    """
    generator = np.random.default_rng(0)
    text = "\n".join(LINES[place] for place in generator.integers(0, len(LINES), 60))
    rows = [f"{LINES[place % len(LINES)]}\t{place % 2}" for place in range(60)]
    pairs = [
        f"{one} {verb} {other}.\t{ENGLISH[one]} {ENGLISH[verb]} {ENGLISH[other]}."
        for one, verb, other in generator.choice(["hund", "katze", "maus", "sieht"], (60, 3))
    ]
    songs = [[[60 + step % 5, 67] for step in range(length)] for length in (5, 8, 6, 9)]
    files = {
        "text": text,
        "jsonl": "\n".join(json.dumps({"code": PROGRAM.format(number)}) for number in range(40)),
        "lines": "\n".join(line[: 3 + place % 2] for place, line in enumerate(LINES * 15)),
        "tsv": "\n".join(rows),
        "pairs": "\n".join(pairs),
        "chorales": json.dumps({"train": songs, "valid": songs[:1], "test": songs[1:2]}),
    }
    names = {}
    for kind, content in files.items():
        path = folder / f"{kind}.txt"
        path.write_text(content, encoding="utf-8")
        names[kind] = f"{kind}:{path}"
    sounds = write_small_sounds(folder / "sounds")
    timit = write_small_timit(folder / "timit")
    return {
        **names,
        "audio": f"audio:{sounds}",
        "spoken_strings": f"spoken_strings:{sounds}",
        "timit": f"timit:{timit}",
        "captions": f"captions:{write_captions(folder / 'captions')}",
        "ratings": f"ratings:{write_ratings(folder / 'ratings.csv')}",
    }


def write_small_timit(folder: Path) -> Path:
    """Noise in TIMIT's layout, as wav, with three phones."""
    generator = np.random.default_rng(0)
    for place in ("TRAIN/DR1/FCJF0", "TRAIN/DR2/MAEB0", "TEST/DR1/MDAB0"):
        for number in range(4):
            path = folder / place / f"SX{number}.WAV"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, generator.normal(scale=900, size=4000), rate=16_000)
            path.with_suffix(".PHN").write_text("0 1500 h#\n1500 2500 ao\n2500 4000 h#\n")
    return folder


def write_small_sounds(folder: Path) -> Path:
    """Two words, tones with noise, by two speakers."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for place in range(40):
        word, speaker, number = "ab"[place % 2], "xy"[place // 2 % 2], place // 4
        tone = 6000 * np.sin((0.3 + 0.5 * (word == "a")) * np.arange(700 + 10 * number))
        noisy = tone + generator.normal(scale=100, size=len(tone))
        write_wav(folder / f"{word}_{speaker}_{number}.wav", noisy, rate=8000)
    return folder


def write_wav(path: Path, samples: np.ndarray, *, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def write_captions(folder: Path) -> Path:
    """Pictures of noise with two captions each, in COCO's format."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    names = [f"{number}.png" for number in range(40)]
    for name in names:
        pixels = generator.integers(0, 256, (16, 16), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    notes = [
        {"image_id": number, "caption": " ".join(LINES[place % 4].split()[:4])}
        for number in range(40)
        for place in (number, number + 1)
    ]
    content = json.dumps({"images": images, "annotations": notes})
    (folder / "captions.json").write_text(content, encoding="utf-8")
    return folder


def write_ratings(path: Path) -> Path:
    """Twelve users who rate most of ten films from 1 to 5."""
    generator = np.random.default_rng(0)
    rows = [
        f"{user},{film},{generator.integers(1, 6)},Film {film} (2000)"
        for user in range(12)
        for film in range(10)
        if generator.random() < 0.8
    ]
    path.write_text("\n".join(["user,item,rating,title", *rows]), encoding="utf-8")
    return path


_LANGUAGE = {"hidden_size": 4, "segment": 8, "batch_size": 4, "epochs": 1, "validation": 0.1}
_WHOLE = {name: value for name, value in _LANGUAGE.items() if name != "segment"}
_PAIRS = {"batch_size": 8, "epochs": 1, "hidden_size": 4, "embedding_size": 4, "beam": 1}
_READER = {"hidden_size": 4, "batch_size": 8, "epochs": 1}
_RATINGS = {"batch_size": 16, "epochs": 1, "validation": 0.1}
_STRINGS = {"strings": 16, "test_strings": 8, "most_words": 2}
_WORDS = {"strings": 40, "test_strings": 8, "most_words": 2, "states": 3, "rounds": 1}
SMALL_OPTIONS: dict[str, tuple[str, dict]] = {
    "rnn_shakespeare": ("text", _LANGUAGE),
    "gru_shakespeare": ("text", _LANGUAGE),
    "lstm_shakespeare": ("text", _LANGUAGE),
    "lstm_programs": ("jsonl", _WHOLE),
    "lstm_names": ("lines", _WHOLE),
    "lstm_sentiment": ("tsv", {**_READER, "embedding_size": 4}),
    "lstm_chorales": ("chorales", {**_READER, "batch_size": 2}),
    "rnn_adding": ("adding:6", {**_READER, "train_examples": 16}),
    "lstm_adding": ("adding:6", {**_READER, "train_examples": 16}),
    "gru_adding": ("adding:6", {**_READER, "train_examples": 16}),
    "lstm_mnist_rows": ("digits", {**_READER, "train_examples": 16}),
    "lstm_mnist_pixels": ("digits", {**_READER, "train_examples": 16}),
    "lstm_translation": ("pairs", _PAIRS),
    "attention_translation": ("pairs", _PAIRS),
    "ibm1_translation": ("pairs", {}),
    "lstm_spoken_digits": ("audio", {**_READER, "batch_size": 4}),
    "ctc_spoken_digits": ("spoken_strings", {**_READER, **_STRINGS, "batch_size": 4}),
    "ctc_timit": ("timit", {**_READER, "batch_size": 4, "layers": 1, "beam": 2}),
    "hmm_spoken_digits": ("spoken_strings", _WORDS),
    "dbn_spoken_digits": (
        "spoken_strings",
        {
            **_WORDS,
            "strings": 120,
            "validation": 0.2,  # of fewer strings the penalty would be chosen by chance
            "rounds": 0,
            "layers": "256",
            "pretraining": 1,
            "epochs": 40,
            "dropout": 0.0,
            "scale": 1.0,
        },
    ),
    "attention_captions": (
        "captions",
        {**_READER, "maps": 2, "embedding_size": 4, "validation": 0.1},
    ),
    "biases_ratings": ("ratings", _RATINGS),
    "factorisation_ratings": ("ratings", {**_RATINGS, "factors": 2}),
    "ncf_ratings": ("ratings", {**_RATINGS, "factors": 2, "hidden_size": 4}),
    "two_tower_ratings": ("ratings", {**_RATINGS, "factors": 2, "negatives": 4}),
    "ngram_shakespeare": ("text", {"longest_gram": 3, "validation": 0.1}),
    "ngram_programs": ("jsonl", {"longest_gram": 3}),
}
"""Form of the data and options of each experiment on sequences, so that it ends within seconds."""
NEED_RUNS = ("alphago_connect_four",)
"""Those that are made of the nets of other runs."""
COUNTED = (
    *("ngram_shakespeare", "ngram_programs", "ibm1_translation"),
    *("hmm_spoken_digits", "dbn_spoken_digits"),
    *NEED_RUNS,
)
"""Those that count, and have no net that could be loaded."""
