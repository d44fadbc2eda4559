"""Preparing TFDS sets of pictures on a machine without TensorFlow."""

import contextlib
import glob
import importlib
import io
import os
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any


@contextlib.contextmanager
def adapted_tfds() -> Iterator[None]:
    """TFDS with a few functions in the place of TensorFlow, for the time of a `with` statement.

    TFDS opens files, unpacks archives and encodes pictures with TensorFlow, through one object that
    imports it when it is first used. Here that object offers the few functions below instead, which
    need no TensorFlow and, where it is installed, save the time of loading it. `sys.modules` is
    left alone, so that nobody else believes that TensorFlow is there. And an offline machine would
    wait three minutes for ten retries with doubling pauses: there are four. This is the only place
    that changes TFDS; it was written for version 4.9.10.
    """
    from tensorflow_datasets.core.download import downloader

    lazy = vars(
        importlib.import_module("tensorflow_datasets.core.utils.lazy_imports_utils").tensorflow
    )
    retries, downloader.MAX_RETRIES = downloader.MAX_RETRIES, 4
    imported = lazy.get("_module")
    lazy["_module"] = _file_functions()
    try:
        yield
    finally:
        downloader.MAX_RETRIES = retries
        del lazy["_module"]
        if imported is not None:
            lazy["_module"] = imported


class _Module(SimpleNamespace):
    """Functions in the place of those of a TensorFlow module; all others are TensorFlow's own."""

    def __init__(self, path: str, **functions: Any) -> None:
        super().__init__(path=path, **functions)

    def __getattr__(self, name: str) -> Any:
        # Where TensorFlow is missing, this raises the ModuleNotFoundError that names it.
        module = importlib.import_module("tensorflow")
        return getattr(attrgetter(self.path)(module) if self.path else module, name)


class _Encoded(bytes):
    """Bytes with the method by which TFDS reads a tensor."""

    def numpy(self) -> bytes:
        return bytes(self)


def _file_functions() -> _Module:
    """What TFDS needs to prepare a set of pictures: files, text, PNG and JPEG."""
    files = _Module(
        "io.gfile",
        GFile=_open,
        exists=os.path.exists,
        isdir=os.path.isdir,
        listdir=os.listdir,
        walk=os.walk,
        remove=os.remove,
        makedirs=lambda path: os.makedirs(path, exist_ok=True),
        glob=lambda pattern: sorted(glob.glob(os.fspath(pattern))),
    )
    return _Module(
        "",
        io=_Module("io", gfile=files),
        compat=_Module(
            "compat", as_text=lambda text: text.decode() if isinstance(text, bytes) else text
        ),
        image=_Module(
            "image",
            encode_png=lambda picture: _encode(picture, "PNG"),
            encode_jpeg=lambda picture: _encode(picture, "JPEG", quality=95),
        ),
        executing_eagerly=lambda: True,
    )


def _open(path: Any, mode: str = "r") -> Any:
    return Path(path).open(mode, encoding=None if "b" in mode else "utf-8")


def _encode(picture: Any, kind: str, **options: int) -> _Encoded:
    """A picture [H, W, C] as the bytes of a file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(
        buffer, kind, **options
    )
    return _Encoded(buffer.getvalue())
