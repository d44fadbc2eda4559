"""NIST SPHERE, the format of TIMIT: a header in plain text, then samples."""

import numpy as np

from dl.errors import InputError

_MAGIC = b"NIST_1A\n"


def is_sphere(content: bytes) -> bool:
    """Whether a file begins as NIST SPHERE does."""
    return content.startswith(_MAGIC)


def read_sphere(content: bytes, name: str) -> tuple[np.ndarray, int]:
    """Samples [N, C] of 16 bits and their rate, from the content of a file called `name`.

    Raises:
        InputError: for a header that cannot be read, compressed samples or other than 16 bits, and
            a file that is cut short.
    """
    fields = _header(content, name)
    try:
        rate, count = int(fields["sample_rate"]), int(fields["sample_count"])
        channels, width = int(fields.get("channel_count", 1)), int(fields["sample_n_bytes"])
        start = int(content.split(b"\n", 2)[1])
    except (KeyError, ValueError, IndexError):
        raise InputError(f"{name} has a NIST header that lacks its rate or sizes") from None
    if rate < 1 or channels < 1 or count < 0 or start < 1:
        raise InputError(
            f"{name} has a NIST header of {start} bytes with sample_rate {rate}, sample_count "
            f"{count} and channel_count {channels}, of which one is too small: leave it out"
        )
    coding = fields.get("sample_coding", "pcm")
    if width != 2 or not coding.startswith("pcm") or "embedded" in coding:
        raise InputError(
            f"{name} has NIST samples of {width} bytes, coded as {coding}: convert it to 16 bit PCM"
        )
    order = ">" if fields.get("sample_byte_format", "01") == "10" else "<"
    data = content[start : start + count * channels * width]
    if len(data) < count * channels * width:
        there = len(data) // (channels * width)
        raise InputError(
            f"{name} is cut short: {there:,} of {count:,} samples are there; copy it again"
        )
    return np.frombuffer(data, f"{order}i2").astype(np.float64).reshape(-1, channels), rate


def _header(content: bytes, name: str) -> dict[str, str]:
    """Lines such as `sample_rate -i 16000`, up to `end_head`."""
    fields = {}
    for line in content[:65536].split(b"\n")[2:]:
        words = line.decode("latin-1").strip().split(None, 2)
        if words[:1] == ["end_head"]:
            return fields
        if len(words) == 3:
            fields[words[0]] = words[2]
    raise InputError(f"{name} has a NIST header without an end: copy it again")
