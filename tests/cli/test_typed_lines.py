"""Lines of standard input, as programs of several systems write them into a pipe."""

import io

import pytest

from dl.cli.typed import typed_lines
from dl.errors import InputError


@pytest.mark.parametrize("text", ["ein\n\nhund\n", "ein\r\n\r\nhund\r\n", "\ufeffein\n\nhund"])
def test_lines_have_no_ends_and_no_byte_order_mark(text: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
    assert list(typed_lines(stream)) == ["ein", "", "hund"]


def test_other_bytes_are_refused() -> None:
    with pytest.raises(InputError, match=r"standard input is no UTF-8 text \(byte 0xe4\)"):
        list(typed_lines(io.TextIOWrapper(io.BytesIO(b"l\xe4uft\n"), encoding="utf-8")))
