"""Sizes in the header of a wav: what it says, and what is there."""

import struct

from dl.errors import InputError

_OPEN = 0x7FFF_F000
"""Who writes into a pipe does not know the sizes, and says this one, a larger one, or 0."""


def with_real_sizes(content: bytes) -> bytes:
    """The wav, with the sizes that are there in place of those that its header leaves open.

    Samples of an open size go to the end of the file.

    >>> piped = b"RIFF" + bytes(4) + b"WAVEdata" + bytes(4) + b"four"
    >>> with_real_sizes(piped)
    b'RIFF\\x10\\x00\\x00\\x00WAVEdata\\x04\\x00\\x00\\x00four'
    """
    start, whole = _start(content), _number(content, 4)
    if start is None:
        return content
    size = _number(content, start - 4)
    # A 0 is meant if the whole, as the header has it, goes on behind the samples.
    if size >= _OPEN or (size == 0 and 8 + whole <= start):
        size = len(content) - start
    elif 0 < whole < _OPEN:
        return content
    whole_there, size_there = (struct.pack("<I", each) for each in (len(content) - 8, size))
    return content[:4] + whole_there + content[8 : start - 4] + size_there + content[start:]


def check_whole(content: bytes, name: str) -> None:
    """Raise an `InputError` for a wav with fewer bytes of samples than its header says."""
    start = _start(content)
    if start is None:
        raise InputError(f"{name} is a wav without samples: copy it again, or leave it out")
    size, there = _number(content, start - 4), len(content) - start
    if there < size:
        raise InputError(
            f"{name} is cut short: {there:,} of {size:,} bytes of samples are there; copy it again"
        )


def _start(content: bytes) -> int | None:
    """Where the samples begin, behind the header of their chunk; None without any."""
    place = 12
    while place + 8 <= len(content):
        if content[place : place + 4] == b"data":
            return place + 8
        size = _number(content, place + 4)
        place += 8 + size + size % 2
    return None


def _number(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + 4], "little")
