"""Subwords: pieces of words that are chosen by how often they occur, by SentencePiece.

The trained model is kept as text, so that a vocabulary has it in itself and is saved with a run.
"""

import base64
import binascii
import importlib
import io
import re
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from dl.errors import InputError, first_line

BLANK = "▁"
"""Stands for a blank in a piece; a sentence begins with one."""
USUAL_SIZE = 8_000
"""How many pieces there are where nothing else is said."""
_MOST_BYTES = 2**26
_TOO_SMALL = re.compile(r"required_chars\. \d+ vs (\d+)")


class Subwords(NamedTuple):
    """The pieces, by number, and the model that cuts texts into them."""

    pieces: tuple[str, ...]
    model: str


def train_subwords(
    texts: Iterable[str], *, size: int = 0, unknown: str, end: str | None = None
) -> Subwords:
    """Byte-pair encoding of `texts` with at most `size` pieces; 0 makes 8,000.

    The most frequent pair of neighbouring pieces becomes a piece again and again. Pieces 0 and 1
    are `unknown` and `end`. The same texts in the same order give the same pieces. Source: Sennrich
    et al. 2016; Kudo & Richardson 2018 (SentencePiece).

    Raises:
        InputError: when SentencePiece is not installed, for texts without symbols, and for a size
            below the number of characters.

    >>> train_subwords(["low lower lowest"] * 9, size=11, unknown="<unk>").pieces[:3]
    ('<unk>', 'lo', 'low')
    """
    stored = io.BytesIO()
    library = _sentencepiece()
    try:
        library.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=stored,
            model_type="bpe",
            vocab_size=size or USUAL_SIZE,
            hard_vocab_limit=False,
            character_coverage=1.0,
            max_sentence_length=2**20,
            shuffle_input_sentence=False,
            num_threads=1,
            unk_id=0,
            unk_piece=unknown,
            eos_id=-1 if end is None else 1,
            eos_piece=end or "</s>",
            bos_id=-1,
            pad_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _explained(error, size) from None
    model = stored.getvalue()
    processor = library.SentencePieceProcessor(model_proto=model)
    return Subwords(_pieces_of(processor), base64.b64encode(zlib.compress(model, 9)).decode())


def open_subwords(model: str) -> Any:
    """SentencePiece's processor of a stored model.

    Raises:
        InputError: when SentencePiece is not installed, or the model is damaged.
    """
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(model, validate=True), _MOST_BYTES)
        if not data or not unpacker.eof:
            raise ValueError("it is cut off")
        return _sentencepiece().SentencePieceProcessor(model_proto=data)
    except (binascii.Error, zlib.error, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the model of the subwords is damaged ({first_line(error)})") from None


def has_pieces(model: str, pieces: tuple[str, ...]) -> bool:
    """Whether a stored model has exactly these pieces."""
    return _pieces_of(open_subwords(model)) == pieces


def join_pieces(pieces: Iterable[str]) -> str:
    """The text of pieces.

    >>> join_pieces(["▁ein", "▁Hund", "e", "."])
    'ein Hunde.'
    """
    return "".join(pieces).replace(BLANK, " ").removeprefix(" ")


def _pieces_of(processor: Any) -> tuple[str, ...]:
    return tuple(processor.id_to_piece(number) for number in range(processor.vocab_size()))


def _explained(error: RuntimeError, size: int) -> InputError:
    needed = _TOO_SMALL.search(str(error))
    if needed:
        return InputError(
            f"vocabulary_size is {size or USUAL_SIZE:,}; it must be at least {int(needed[1]):,}, "
            "the characters of these texts"
        )
    if "all_chars_count" in str(error):
        return InputError("the texts have no characters but blanks: give others")
    return InputError(f"SentencePiece made no subwords of the texts: {first_line(error)}")


def _sentencepiece() -> Any:
    try:
        return importlib.import_module("sentencepiece")
    except ModuleNotFoundError:
        raise InputError(
            "subwords need the package sentencepiece: pip install 'dl-lectures[translation]'"
        ) from None
