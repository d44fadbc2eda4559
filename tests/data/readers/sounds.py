"""Small folders of recordings."""

import wave
from pathlib import Path

import numpy as np

TONES = {"high": 0.9, "low": 0.2}


def write_wav(path: Path, samples: np.ndarray, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def tone(word: str, number: int, rate: int = 8000) -> np.ndarray:
    """A word: a tone with noise, of another length for every number."""
    generator = np.random.default_rng(number)
    steps = np.arange(900 + 40 * number)
    return 6000 * np.sin(TONES[word] * steps) + generator.normal(scale=100, size=len(steps))


def write_named(folder: Path, *, speakers: tuple[str, ...] = ("ann", "bob")) -> Path:
    """Eight recordings of each word and speaker, as `high_ann_0.wav`."""
    for speaker in speakers:
        for word in TONES:
            for number in range(8):
                write_wav(folder / f"{word}_{speaker}_{number}.wav", tone(word, number))
    return folder
