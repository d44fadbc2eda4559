"""Small files for the experiments on sequences, and options that keep their nets small."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

LINES = (
    "the cat sat on the mat",
    "a dog ran to the door",
    "no one saw the fox",
    "the hen ate all the corn",
)
PROGRAM = "int main() {{ int n = {0}; return n + {0}; }}"


def write_small_data(folder: Path) -> dict[str, str]:
    """The names for `--dataset`, by the form of the file: text, jsonl, lines, tsv, chorales."""
    generator = np.random.default_rng(0)
    text = "\n".join(LINES[place] for place in generator.integers(0, len(LINES), 60))
    rows = [f"{LINES[place % len(LINES)]}\t{place % 2}" for place in range(60)]
    songs = [[[60 + step % 5, 67] for step in range(length)] for length in (5, 8, 6, 9)]
    files = {
        "text": text,
        "jsonl": "\n".join(json.dumps({"code": PROGRAM.format(number)}) for number in range(40)),
        "lines": "\n".join(line[: 3 + place % 2] for place, line in enumerate(LINES * 15)),
        "tsv": "\n".join(rows),
        "chorales": json.dumps({"train": songs, "valid": songs[:1], "test": songs[1:2]}),
    }
    names = {}
    for kind, content in files.items():
        path = folder / f"{kind}.txt"
        path.write_text(content, encoding="utf-8")
        names[kind] = f"{kind}:{path}"
    return {**names, "captions": f"captions:{write_captions(folder / 'captions')}"}


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


_LANGUAGE = {"hidden_size": 4, "segment": 8, "batch_size": 4, "epochs": 1, "validation": 0.1}
_WHOLE = {name: value for name, value in _LANGUAGE.items() if name != "segment"}
_READER = {"hidden_size": 4, "batch_size": 8, "epochs": 1}
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
    "attention_captions": (
        "captions",
        {**_READER, "maps": 2, "embedding_size": 4, "validation": 0.1},
    ),
    "ngram_shakespeare": ("text", {"longest_gram": 3, "validation": 0.1}),
    "ngram_programs": ("jsonl", {"longest_gram": 3}),
}
"""Form of the data and options of each experiment on sequences, so that it ends within seconds."""
