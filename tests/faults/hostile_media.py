"""Pictures, captions and sounds that are damaged, or made to do harm."""

import io
import json
import zlib
from typing import Any

import numpy as np
from hostile import Case, of_data, pipe
from hostile_files import UP
from hostile_runs import in_a_loop
from PIL import Image

_SOUND = "lstm_spoken_digits"
_PICTURES = "mlp_mnist"
_CAPTIONS = "attention_captions"


def picture(side: int = 16, mode: str = "L") -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG")
    return file.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")


def huge_picture(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it is so large."""
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    parts = _chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0])), _chunk(b"IDAT", zlib.compress(bytes(9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND", b"")


def sound(**wrong: int) -> bytes:
    """A wav file of noise whose header says something else."""
    says = {"form": 1, "channels": 1, "rate": 8000, "bits": 16, "size": 2000, **wrong}
    block = max(says["channels"] * says["bits"] // 8, 0)
    head = b"".join(
        [
            says["form"].to_bytes(2, "little"),
            says["channels"].to_bytes(2, "little"),
            says["rate"].to_bytes(4, "little"),
            (says["rate"] * block % 2**32).to_bytes(4, "little"),
            (block % 2**16).to_bytes(2, "little"),
            says["bits"].to_bytes(2, "little"),
        ]
    )
    data = np.random.default_rng(0).integers(0, 256, 2000, np.uint8).tobytes()
    inside = b"WAVEfmt \x10\0\0\0" + head + b"data" + says["size"].to_bytes(4, "little") + data
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def sphere(**wrong: int) -> bytes:
    """NIST SPHERE of noise whose header says something else."""
    says = {"sample_rate": 8000, "sample_count": 900, "sample_n_bytes": 2, **wrong}
    lines = [f"{field} -i {number}" for field, number in says.items()]
    header = "\n".join(["NIST_1A", "   1024", *lines, "end_head", ""]).encode()
    noise = np.random.default_rng(0).integers(0, 256, 1800, np.uint8).tobytes()
    return header.ljust(1024) + noise


def sounds(**files: bytes) -> dict[str, Any]:
    """Twenty recordings of two words, and others by their names."""
    right = {f"{'ab'[number % 2]}_x_{number}.wav": sound() for number in range(20)}
    return {**right, **{f"{name}.wav": content for name, content in files.items()}}


def pictures(**files: Any) -> dict[str, Any]:
    """Pictures of two classes in train and test, and another one in a class of train."""
    right: dict[str, Any] = {
        f"{part}/{name}/{number}.png": picture()
        for part in ("train", "test")
        for name in "ab"
        for number in range(4)
    }
    return {**right, **{f"train/a/{name}.png": content for name, content in files.items()}}


def captions(file_name: str, caption: Any = "a cat", **files: Any) -> dict[str, Any]:
    """Twelve pictures with captions in COCO's format, of which one has this name and caption."""
    names = [f"{number}.png" for number in range(11)]
    images = [{"id": place, "file_name": name} for place, name in enumerate([*names, file_name])]
    notes = [{"image_id": place, "caption": "a cat sat"} for place in range(11)]
    content = {"images": images, "annotations": [*notes, {"image_id": 11, "caption": caption}]}
    return {**dict.fromkeys(names, picture()), "captions.json": json.dumps(content), **files}


SOUNDS: list[Case] = [
    of_data("a wav file of text", _SOUND, "audio", sounds(a_x_99=b"not a sound")),
    of_data("a wav file that is empty", _SOUND, "audio", sounds(a_x_99=b"")),
    of_data("a wav file that is its header", _SOUND, "audio", sounds(a_x_99=sound()[:40])),
    of_data("a wav file without channels", _SOUND, "audio", sounds(a_x_99=sound(channels=0))),
    of_data("a wav file of rate 0", _SOUND, "audio", sounds(a_x_99=sound(rate=0))),
    of_data("a wav file of another form", _SOUND, "audio", sounds(a_x_99=sound(form=0x55))),
    of_data(
        "a wav file of 64 bits", _SOUND, "audio", sounds(a_x_99=sound(bits=64)), "--batch-size", "4"
    ),
    of_data("SPHERE of rate 0", _SOUND, "audio", sounds(a_x_99=sphere(sample_rate=0))),
    of_data("SPHERE without channels", _SOUND, "audio", sounds(a_x_99=sphere(channel_count=0))),
    of_data("SPHERE of channels below 0", _SOUND, "audio", sounds(a_x_99=sphere(channel_count=-1))),
    of_data("SPHERE of samples below 0", _SOUND, "audio", sounds(a_x_99=sphere(sample_count=-9))),
    of_data(
        "SPHERE of more than there is", _SOUND, "audio", sounds(a_x_99=sphere(sample_count=901))
    ),
    of_data("sounds of one word", _SOUND, "audio", {f"a_x_{n}.wav": sound() for n in range(9)}),
    of_data("sounds that are a pipe", _SOUND, "audio", {"": pipe}),
    of_data("TIMIT without a folder of speakers", "ctc_timit", "timit", {"a.txt": b"x"}),
    of_data(
        "TIMIT with phones of words",
        "ctc_timit",
        "timit",
        {
            f"{part}/DR1/FABC0/SX{number}.{kind}": content
            for part in ("TRAIN", "TEST")
            for number in range(4)
            for kind, content in {"WAV": sound(rate=16_000), "PHN": b"zero one h#\n"}.items()
        },
    ),
    of_data(
        "TIMIT with phones that end before they begin",
        "ctc_timit",
        "timit",
        {
            f"{place}/SX{number}.{kind}": content
            for place in ("TRAIN/DR1/FABC0", "TEST/DR1/MDAB0")
            for number in range(4)
            for kind, content in {"WAV": sound(rate=16_000), "PHN": b"900 100 h#\n"}.items()
        },
        "--batch-size",
        "4",
    ),
]


PICTURES: list[Case] = [
    of_data("a picture that is cut", _PICTURES, "folder", pictures(x=picture()[:60])),
    of_data(
        "a picture with noise in it", _PICTURES, "folder", pictures(x=picture()[:50] + bytes(200))
    ),
    of_data(
        "a small file of 10¹⁸ pixels", _PICTURES, "folder", pictures(x=huge_picture(10**9, 10**9))
    ),
    of_data(
        "a small file of 400 million pixels",
        _PICTURES,
        "folder",
        pictures(x=huge_picture(20_000, 20_000)),
    ),
    of_data("a picture of no pixels", _PICTURES, "folder", pictures(x=huge_picture(0, 0))),
    of_data(
        "pictures of one class",
        _PICTURES,
        "folder",
        {f"train/a/{number}.png": picture() for number in range(9)},
    ),
    of_data("pictures without classes", _PICTURES, "folder", {"a.png": picture()}),
    of_data(
        "a class with control characters and nothing in it",
        _PICTURES,
        "folder",
        {**pictures(), "train/\x1b[31m\u202e/x.txt": b"x"},
    ),
    of_data(
        "a class that is a link in a loop",
        _PICTURES,
        "folder",
        {"train/a": in_a_loop, "train/b/x.png": picture()},
    ),
    of_data("captions of a picture that leads out", _CAPTIONS, "captions", captions(UP)),
    of_data("captions of a file of the system", _CAPTIONS, "captions", captions("/etc/passwd")),
    of_data(
        "captions of a picture that is a pipe",
        _CAPTIONS,
        "captions",
        captions("x.png", **{"x.png": pipe}),
    ),
    of_data(
        "captions of a picture that is cut",
        _CAPTIONS,
        "captions",
        captions("x.png", **{"x.png": picture()[:50]}),
    ),
    of_data(
        "captions that are numbers",
        _CAPTIONS,
        "captions",
        captions("x.png", 3, **{"x.png": picture()}),
    ),
    of_data("captions that are a list", _CAPTIONS, "captions", {"captions.json": b"[]"}),
    of_data("captions that are brackets", _CAPTIONS, "captions", {"captions.json": b"[" * 100_000}),
]
