"""Sound files of all depths give the same samples, and what is no sound is named in one line."""

import io
import struct
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest

from dl.data.audio.files import decode_sound
from dl.data.audio.stored import find_sounds
from dl.errors import InputError

SAMPLES = np.array([0, 256, -256, 12800, -32768, 32512], np.int16)


def wav(samples: np.ndarray, *, width: int = 2, rate: int = 8000, channels: int = 1) -> bytes:
    """A wav of whole numbers int16 [N, C], written at another depth."""
    whole = samples.astype(np.int64) << 16
    data = {
        1: lambda: ((whole >> 24) + 128).astype("u1").tobytes(),
        2: lambda: samples.astype("<i2").tobytes(),
        3: lambda: (whole >> 8).astype("<i4").reshape(-1, 1).view("u1")[:, :3].tobytes(),
        4: lambda: whole.astype("<i4").tobytes(),
    }[width]()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, 0, "NONE", ""))
        writer.writeframes(data)
    return file.getvalue()


def sphere(samples: np.ndarray, *, order: str = "01", **changes: str) -> bytes:
    """NIST SPHERE, written by its description."""
    fields = {
        "sample_rate -i": "16000",
        "sample_count -i": str(len(samples)),
        "sample_n_bytes -i": "2",
        "channel_count -i": "1",
        "sample_byte_format -s2": order,
        **changes,
    }
    lines = ["NIST_1A", "   1024", *(f"{key} {value}" for key, value in fields.items()), "end_head"]
    header = "\n".join(lines).encode() + b"\n"
    return header.ljust(1024) + samples.astype("<i2" if order == "01" else ">i2").tobytes()


def floats(samples: list[float], *, sub: str = "", **sizes: int) -> bytes:
    """A wav of 32 bit floats; `sub`, the rest of a GUID, makes its format an extensible one."""
    form = struct.pack("<HHIIHH", 0xFFFE if sub else 3, 1, 8000, 32000, 4, 32)
    if sub:
        form += struct.pack("<HHIH", 22, 32, 4, 3) + bytes.fromhex(sub)
    data = np.array(samples, "<f4").tobytes()
    data = b"data" + struct.pack("<I", sizes.get("data", len(data))) + data
    inside = b"WAVEfmt " + struct.pack("<I", len(form)) + form + data
    return b"RIFF" + struct.pack("<I", sizes.get("whole", len(inside))) + inside


def sized(content: bytes, whole: int, data: int) -> bytes:
    """A wav of whole numbers whose header has other sizes."""
    sizes = [struct.pack("<I", each) for each in (whole, data)]
    return content[:4] + sizes[0] + content[8:40] + sizes[1] + content[44:]


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wavs_of_every_depth_have_the_same_samples(width: int) -> None:
    sound = decode_sound(wav(SAMPLES, width=width, rate=11025), "a.wav")
    assert (sound.rate, sound.samples.dtype) == (11025, np.int16)
    np.testing.assert_array_equal(sound.samples, SAMPLES)


def test_channels_are_averaged() -> None:
    stereo = np.stack([SAMPLES, -SAMPLES.astype(np.int32) // 2], axis=1)
    sound = decode_sound(wav(stereo.astype(np.int16), channels=2), "a.wav")
    np.testing.assert_array_equal(sound.samples, np.rint(stereo.mean(axis=1)))


@pytest.mark.parametrize("sub", ["", "000000001000800000aa00389b71"])
def test_floats_are_read_through_soundfile(sub: str) -> None:
    pytest.importorskip("soundfile")
    sound = decode_sound(floats([0.0, 0.5, -1.0, 2.0], sub=sub), "a.wav")
    assert (sound.rate, sound.samples.tolist()) == (8000, [0, 16384, -32768, 32767])


@pytest.mark.parametrize(("whole", "data"), [(0, 0), (2**32 - 1, 2**32 - 1), (36, 0), (0, 12)])
def test_a_wav_that_leaves_its_size_open_goes_to_the_end_of_the_file(whole: int, data: int) -> None:
    sound = decode_sound(sized(wav(SAMPLES), whole, data), "a.wav")
    np.testing.assert_array_equal(sound.samples, SAMPLES)
    pytest.importorskip("soundfile")
    sizes = {"whole": whole, "data": data}
    assert decode_sound(floats([0.5, 0.0, 0.5], **sizes), "a.wav").samples.tolist() == [
        16384,
        0,
        16384,
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (floats([0.5, np.nan, -np.inf]), r"a\.wav has 2 samples of nan or infinity"),
        (floats([0.5] * 100)[:-200], r"a\.wav is cut short: 200 of 400 bytes"),
        (floats([0.5] * 100)[:40], "a wav without samples"),
    ],
)
def test_damaged_floats_are_named_with_what_is_wrong(content: bytes, message: str) -> None:
    pytest.importorskip("soundfile")
    with pytest.raises(InputError, match=message):
        decode_sound(content, "a.wav")


@pytest.mark.parametrize("order", ["01", "10"])
def test_sphere_is_read_in_both_orders_of_bytes(order: str) -> None:
    sound = decode_sound(sphere(SAMPLES, order=order), "a.wav")
    assert sound.rate == 16000
    np.testing.assert_array_equal(sound.samples, SAMPLES)


def test_flac_is_read_through_soundfile() -> None:
    soundfile = pytest.importorskip("soundfile")
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 16000, format="FLAC", subtype="PCM_16")
    sound = decode_sound(file.getvalue(), "a.flac")
    assert sound.rate == 16000
    np.testing.assert_array_equal(sound.samples, SAMPLES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(SAMPLES)[:-4], r"a\.wav is cut short: 4 of 6 samples"),
        (wav(SAMPLES)[:20], "ends in its header"),
        (wav(SAMPLES[:0]), "has no samples"),
        (wav(SAMPLES)[:8] + b"JUNK" + wav(SAMPLES)[12:], "no wav that can be read"),
        (sphere(SAMPLES)[:-2], "cut short: 5 of 6"),
        (sphere(SAMPLES)[:60], "header without an end"),
        (sphere(SAMPLES, **{"sample_coding -s26": "pcm,embedded-shorten-v2.00"}), "coded as"),
        (sphere(SAMPLES, **{"sample_rate -i": "fast"}), "lacks its rate"),
        (sphere(SAMPLES, **{"sample_rate -i": "0"}), "sample_rate 0, "),
        (sphere(SAMPLES, **{"channel_count -i": "0"}), "channel_count 0, "),
        (sphere(SAMPLES, **{"channel_count -i": "-1"}), "channel_count -1, "),
        (sphere(SAMPLES, **{"sample_count -i": "-3"}), "sample_count -3 "),
        (sphere(SAMPLES).replace(b"   1024", b"     -4"), "header of -4 bytes"),
    ],
)
def test_damaged_files_are_named_with_what_is_wrong(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        decode_sound(content, "a.wav")
    assert "\n" not in str(error.value)


def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(InputError, match=r"a\.wav is no"):
        decode_sound(b"a text", "a.wav")


def test_files_are_found_by_their_ends_and_folders_around_all_taken_off(tmp_path: Path) -> None:
    for place in ("x/y/yes/1.wav", "x/y/no/2.WAV", "x/y/no/notes.txt", "x/.hidden/3.wav"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(wav(SAMPLES))
    places = [str(file.place) for file in find_sounds(tmp_path)]
    assert places == ["no/2.WAV", "yes/1.wav"]
    for path, message in (
        (tmp_path / "none", "no folder"),
        (tmp_path / "x/y/yes/1.wav", "archive"),
    ):
        with pytest.raises(InputError, match=message):
            find_sounds(path)


def packed(path: Path, count: int = 8) -> bytes:
    """A new archive at `path`, of wavs of noise in two folders, packed as its name says."""
    generator = np.random.default_rng(0)
    form = path.suffix.removeprefix(".").replace("tar", "")
    with tarfile.open(path, f"w:{form}") as archive:  # type: ignore[call-overload]
        for number in range(count):
            content = wav(generator.integers(-999, 999, 400).astype(np.int16))
            member = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}.wav")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path.read_bytes()


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_an_archive_with_inverted_bytes_is_refused_or_read_as_before(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a{ending}"
    good = packed(path)
    right = [(file.place, file.read()) for file in find_sounds(path)]
    refused = 0
    for place in np.linspace(0, len(good) - 8, 40).astype(int):
        bad = bytearray(good)
        bad[place : place + 8] = bytes(255 - byte for byte in bad[place : place + 8])
        path.write_bytes(bad)
        try:
            assert [(file.place, file.read()) for file in find_sounds(path)] == right
        except InputError:
            refused += 1
    assert refused >= 38  # some bytes of a header mean nothing, as the time


def test_a_damaged_header_in_an_archive_is_not_taken_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    good = packed(path)
    assert len(find_sounds(path)) == 8
    third = 2 * (512 + 1024)
    for bad, message in (
        (good[: third + 148] + b"x" + good[third + 149 :], "damaged behind byte 3,072"),
        (good[:third], "it has no end"),
        (good + b"x" * 512, "damaged behind"),
        (b"x" + good[1:], r"opened successfully\): copy it again$"),
    ):
        path.write_bytes(bad)
        with pytest.raises(InputError, match=f"cannot be unpacked .*{message}"):
            find_sounds(path)
