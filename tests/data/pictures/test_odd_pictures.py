"""Picture files as people have them: each is read right, or refused in one line."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from dl.data.pictures.picture import open_picture, read_on_paper, read_picture
from dl.data.readers.folder import load_folder
from dl.errors import InputError

LEFT_WHITE = np.zeros((8, 16), np.uint8)
LEFT_WHITE[:, :8] = 255


def exif(orientation: bytes, kind: int) -> bytes:
    """An EXIF block that holds an orientation of a `kind` of field (2 is text, 3 is short)."""
    entry = struct.pack("<HHI", 0x0112, kind, len(orientation) if kind == 2 else 1)
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + orientation.ljust(4, b"\0") + bytes(4)


def jpeg(block: bytes) -> Callable[[Path], None]:
    return lambda file: Image.fromarray(LEFT_WHITE).save(file, "JPEG", quality=100, exif=block)


def with_large_texts(file: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("history", "x" * 3_000_000, zip=True)
    info.add_itxt("xmp", "y" * 3_000_000, zip=True)
    Image.fromarray(LEFT_WHITE).save(file, "PNG", pnginfo=info)


def with_text_behind(file: Path) -> None:
    stored = io.BytesIO()
    Image.fromarray(LEFT_WHITE).save(stored, "PNG")
    other = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("history", "x" * 3_000_000, zip=True)
    Image.fromarray(LEFT_WHITE).save(other, "PNG", pnginfo=info)
    start = other.getvalue().index(b"zTXt") - 4
    (length,) = struct.unpack(">I", other.getvalue()[start : start + 4])
    text = other.getvalue()[start : start + length + 12]
    file.write_bytes(stored.getvalue()[:-12] + text + stored.getvalue()[-12:])


def lab(file: Path) -> None:
    profiles = (ImageCms.createProfile(space) for space in ("sRGB", "LAB"))
    picture = ImageCms.profileToProfile(
        Image.fromarray(LEFT_WHITE).convert("RGB"), *profiles, outputMode="LAB"
    )
    assert picture is not None
    picture.save(file, "TIFF")


def deep(scale: int) -> Callable[[Path], None]:
    return lambda file: Image.fromarray(LEFT_WHITE.astype(np.uint16) * scale).save(file, "PNG")


def pgm(brightest: int, scale: int) -> Callable[[Path], None]:
    values = (LEFT_WHITE.astype(">u2") * scale).tobytes()
    return lambda file: (file.write_bytes(b"P5 16 8 %d\n" % brightest + values), None)[1]


UPRIGHT = {"upright": LEFT_WHITE, "turned": np.rot90(LEFT_WHITE, -1)}
READ: dict[str, tuple[Callable[[Path], None], str]] = {
    "an orientation": (jpeg(exif(b"\x06\0", 3)), "turned"),
    "an orientation kept as text": (jpeg(exif(b"6", 2)), "turned"),
    "an orientation in words": (jpeg(exif(b"top", 2)), "upright"),
    "an orientation that does not exist": (jpeg(exif(b"\x63\0", 3)), "upright"),
    "garbage for EXIF": (jpeg(b"Exif\0\0garbage and no more"), "upright"),
    "EXIF that is cut off": (jpeg(exif(b"\x06\0", 3)[:16]), "upright"),
    "EXIF with an end outside": (jpeg(b"Exif\0\0II*\0\xff\xff\xff\x7f"), "upright"),
    "a PNG with large texts": (with_large_texts, "upright"),
    "a PNG with a large text behind": (with_text_behind, "upright"),
    "a TIFF in CIE Lab": (lab, "upright"),
    "16 bits": (deep(257), "upright"),
    "12 bits in 16": (deep(16), "upright"),
    "8 bits in 16": (deep(1), "upright"),
    "a PGM of 12 bits": (pgm(4095, 16), "upright"),
    "a PGM of 16 bits": (pgm(65535, 257), "upright"),
}


@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning")
@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("channels", [1, 3])
def test_odd_pictures_are_read(name: str, channels: int, tmp_path: Path) -> None:
    write, how = READ[name]
    file = tmp_path / "1"
    write(file)
    expected = UPRIGHT[how]
    pixels = read_picture(file, shape=(*expected.shape, channels)).astype(int)
    assert abs(pixels - expected[..., None]).max() <= 16  # of 12 bits, 4080 is the brightest here
    assert read_on_paper(file).mode == "RGB"
    assert open_picture(file, decoded=False).size in ((16, 8), (8, 16))


def bomb(file: Path) -> None:
    Image.new("1", (12_000, 12_000)).save(file, "PNG")


def cut_off(file: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    info = PngImagePlugin.PngInfo()
    info.add_text("history", "x" * 3_000_000, zip=True)
    Image.fromarray(noise).save(file, "PNG", pnginfo=info)
    file.write_bytes(file.read_bytes()[:-2000])


def dark_colours(file: Path) -> None:
    """A PNG of 48-bit colours that fill 12 bits: Pillow keeps only the upper 8 of 16."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + struct.pack(">6H", 4095, 0, 100, 2048, 4095, 0) for _ in range(2))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "too many pixels": (bomb, "it has 12000x12000 pixels, more than the 89 million of --max-mega"),
    "colours of 12 bits": (dark_colours, "its 16-bit colours fill 12 bits at most"),
    "32 bits": (
        lambda file: Image.new("F", (2, 2)).save(file, "TIFF"),
        "32-bit grey values without a known range",
    ),
    "HDF5": (lambda file: file.write_bytes(b"\x89HDF\r\n\x1a\n"), "is not a picture in any format"),
    "EPS": (lambda file: file.write_text("%!PS-Adobe-3.0 EPSF-3.0\n"), "is not a picture in any"),
    "MPEG": (lambda file: file.write_bytes(b"\0\0\1\xb3" + bytes(90)), "is not a picture in any"),
    "nothing": (lambda file: file.touch(), "is not a picture in any format"),
    "a PNG that ends": (cut_off, "is a damaged picture, or none"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_odd_pictures_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    write, said = REFUSED[name]
    write(tmp_path / "1.png")
    for read in (lambda file: read_picture(file, shape=(4, 4, 1)), read_on_paper):
        with pytest.raises(InputError) as raised:
            read(tmp_path / "1.png")
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)


def test_the_largest_picture_is_an_option(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in "12":
            Image.new("L", (1100, 1000)).save(tmp_path / name / f"{number}.png")
    with pytest.raises(InputError, match=r"1000x1100 pixels, more than the 1 million of --max-me"):
        load_folder(tmp_path, validation=0.0, image_size=(4, 4), max_megapixels=1)
    assert len(load_folder(tmp_path, validation=0.0, image_size=(4, 4), max_megapixels=2).train)


def test_pictures_of_less_depth_are_counted(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in "12":
            deep(16)(tmp_path / name / f"{number}.png")
    data = load_folder(tmp_path, validation=0.0)
    assert data.train.inputs.max() == 255
    assert "4 of 16 bits read as 12 or 8 bits deep, which hold their values" in data.summary
