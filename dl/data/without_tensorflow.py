"""What lets TFDS prepare a set of pictures on a machine without TensorFlow."""

import contextlib
import glob
import importlib
import importlib.util
import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any


@contextlib.contextmanager
def adapted_tfds() -> Iterator[None]:
    """The one place that reaches into TFDS (written for 4.9.10), undone on exit.

    TFDS opens files, unpacks archives and encodes pictures with TensorFlow, through one lazily imported module
    object. Where TensorFlow is not installed, that object stands for the few functions below meanwhile.
    `sys.modules` is left alone, so nobody else takes TensorFlow for installed. And ten retries with doubling
    pauses make an offline machine wait three minutes: four are enough.
    """
    from tensorflow_datasets.core.download import downloader

    lazy = vars(importlib.import_module("tensorflow_datasets.core.utils.lazy_imports_utils").tensorflow)
    retries, downloader.MAX_RETRIES = downloader.MAX_RETRIES, 4
    missing = "_module" not in lazy and importlib.util.find_spec("tensorflow") is None
    if missing:
        lazy["_module"] = _file_functions()
    try:
        yield
    finally:
        downloader.MAX_RETRIES = retries
        if missing:
            del lazy["_module"]


class _Functions(SimpleNamespace):
    """A name that holds some functions; any other that is asked of it says that TensorFlow is needed."""

    def __getattr__(self, name: str) -> Any:
        raise ModuleNotFoundError(f"tensorflow is needed for {name}", name="tensorflow")


class _Encoded(bytes):
    """Bytes that are fetched the way TFDS fetches a tensor."""

    def numpy(self) -> bytes:
        return bytes(self)


def _file_functions() -> _Functions:
    """What preparing a set of pictures asks of TensorFlow: files, text, PNG and JPEG."""
    files = _Functions(
        GFile=lambda path, mode="r": Path(path).open(mode, encoding=None if "b" in mode else "utf-8"),
        exists=os.path.exists,
        isdir=os.path.isdir,
        listdir=os.listdir,
        walk=os.walk,
        remove=os.remove,
        makedirs=lambda path: os.makedirs(path, exist_ok=True),
        glob=lambda pattern: sorted(glob.glob(os.fspath(pattern))),
    )
    return _Functions(
        io=_Functions(gfile=files),
        compat=_Functions(as_text=lambda text: text.decode() if isinstance(text, bytes) else text),
        image=_Functions(
            encode_png=lambda picture: _encode(picture, "PNG"),
            encode_jpeg=lambda picture: _encode(picture, "JPEG", quality=95),
        ),
        executing_eagerly=lambda: True,
    )


def _encode(picture: Any, kind: str, **options: int) -> _Encoded:
    """A picture [H, W, C] as the bytes of a file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(buffer, kind, **options)
    return _Encoded(buffer.getvalue())
