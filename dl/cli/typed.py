"""Lines of standard input, for verbs that answer what is typed."""

from collections.abc import Iterable, Iterator

from dl.errors import InputError


def typed_lines(stream: Iterable[str]) -> Iterator[str]:
    """The lines of a stream without their ends and byte-order marks, each when it has come.

    Programs may write such a mark first into a pipe, as into files of UTF-8.

    Raises:
        InputError: for what is not UTF-8.
    """
    lines = iter(stream)
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise InputError(
                f"standard input is no UTF-8 text (byte {error.object[error.start]:#x}): convert it"
            ) from None
        yield line.rstrip("\r\n").replace("\ufeff", "")
