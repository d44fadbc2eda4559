"""Download a TFDS data set and prepare it as ArrayRecord, with TensorFlow installed or not."""

import contextlib
import difflib
import io
import logging
import os
import re
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dl.data.tfds.catalog import catalog
from dl.data.tfds.without_tensorflow import adapted_tfds
from dl.errors import InputError, RunError, did_you_mean

_CATALOG = "https://www.tensorflow.org/datasets/catalog"
_NAME = re.compile(r"(?P<set>\w+)(/(?P<config>[\w.+-]+))?")


def prepare(name: str, *, data_dir: str | Path | None = None) -> Path:
    """The folder of the TFDS data set `name`, which is downloaded and prepared if need be.

    Standard error says so when there is work to do. The next call uses what an interrupted call has
    downloaded.

    Args:
        name: a TFDS name, with its configuration if it has several: `mnist`, `emnist/letters`.
        data_dir: where prepared data is kept; default `$TFDS_DATA_DIR`, then
            `~/tensorflow_datasets`.

    Raises:
        InputError: for an unknown name, no network, a file with a wrong checksum, a missing Python
            package, a folder that cannot be written or holds a part of the data set.
        RunError: if TFDS fails for another reason.
    """
    builder = find_builder(name, data_dir=data_dir)
    if not is_prepared(builder):
        folder = data_folder(data_dir)
        print(f"{name} is not prepared in {folder}: downloading and preparing it", file=sys.stderr)
        _download_and_prepare(builder, name)
    return Path(builder.data_path)


def data_folder(data_dir: str | Path | None = None) -> Path:
    """Where prepared data is: `data_dir`, else `$TFDS_DATA_DIR`, else TFDS's default folder."""
    return Path(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def find_builder(name: str, *, data_dir: str | Path | None = None) -> Any:
    """TFDS's builder of `name`: its description, and its data if they are prepared.

    Raises:
        InputError: for an unknown name, with the nearest known ones; for a folder that is damaged
            or in a format that only TensorFlow reads.
    """
    tfds = import_tfds(name)
    _check_name(tfds, name, data_folder(data_dir))
    try:
        with quiet():
            builder = tfds.builder(name, data_dir=str(data_folder(data_dir)))
    except Exception as error:  # a damaged folder may raise anything
        raise damaged(name, data_folder(data_dir) / name, error) from error
    _check_folder(tfds, builder, name)
    return builder


def is_prepared(builder: Any) -> bool:
    """Whether the builder's data is ready on disk."""
    with quiet():
        return builder.is_prepared()


def damaged(name: str, folder: Path, error: Exception) -> InputError:
    """The error for prepared data that cannot be read back."""
    return InputError(
        f"{name} in {folder} is damaged ({_first_line(error)}): delete it and prepare it again"
    )


def missing_package(name: str, error: ModuleNotFoundError) -> InputError:
    """The error for a Python package that is not installed."""
    return InputError(f"{name} needs the Python package {error.name}: pip install {error.name}")


def import_tfds(name: str) -> Any:
    """TFDS, imported where it is needed; this does not load TensorFlow."""
    try:
        with quiet():
            import tensorflow_datasets as tfds
    except ModuleNotFoundError as error:
        raise missing_package(name, error) from error
    return tfds


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide what TFDS and its downloads write to loggers and to standard output."""
    loggers = [logging.getLogger(name) for name in ("absl", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _check_name(tfds: Any, name: str, folder: Path) -> None:
    """Refuse names that TFDS does not know or would look up in the network (`huggingface:...`)."""
    match = _NAME.fullmatch(name)
    with quiet():
        known, missing = catalog()
    if match and match["set"] not in known and (folder / match["set"]).is_dir():
        return  # a set that somebody else has made with TFDS
    if match is None or match["set"] not in known:
        near = difflib.get_close_matches(name.lower(), known, n=3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"known ones: those of `data list`, and {_CATALOG}"
        )
        if missing and not near:
            hint += f" (some of them need the Python package {', '.join(missing)})"
        raise InputError(f"unknown data set {name!r}; {hint}")
    configs = tfds.builder_cls(match["set"]).builder_configs
    if match["config"] and match["config"] not in configs:
        hint = did_you_mean(match["config"], configs) if configs else f"it is called {match['set']}"
        raise InputError(f"unknown data set {name!r}; {hint}")


def _check_folder(tfds: Any, builder: Any, name: str) -> None:
    folder = Path(builder.data_path)
    if not folder.exists():
        return
    if not is_prepared(builder):
        raise InputError(
            f"{folder} holds only a part of {name}: delete that folder and prepare it again"
        )
    if not builder.info.available_file_formats() & tfds.core.FileFormat.with_random_access():
        raise InputError(
            f"{name} in {folder} was prepared as {builder.info.file_format.value}, which only "
            "TensorFlow reads: set TFDS_DATA_DIR to another folder, or delete this one, "
            "to prepare it anew"
        )


def _download_and_prepare(builder: Any, name: str) -> None:
    import tensorflow_datasets as tfds

    downloads = Path(builder.data_dir_root) / "downloads"
    config = tfds.download.DownloadConfig(
        # By default TFDS looks in a bucket for a prepared copy, which only TensorFlow reads.
        try_download_gcs=False,
        # The files of MNIST and Fashion-MNIST have the same names, so each set has its folders.
        manual_dir=_manual_folder(builder),
        extract_dir=downloads / "extracted" / builder.name,
    )
    try:
        with quiet(), _progress_on_terminals_only(tfds), adapted_tfds():
            builder.download_and_prepare(
                download_dir=downloads, download_config=config, file_format="array_record"
            )
    except Exception as error:
        if is_prepared(builder):
            return  # by another process, at the same time
        # Other threads go on trying, and would go on writing about it.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        raise _explain(error, builder, name) from error


def _manual_folder(builder: Any) -> Path:
    """Where a person may put files: TFDS's usual place if it asks for them, else a place by set."""
    manual = Path(builder.data_dir_root) / "downloads" / "manual"
    return manual if builder.MANUAL_DOWNLOAD_INSTRUCTIONS else manual / builder.name


@contextlib.contextmanager
def _progress_on_terminals_only(tfds: Any) -> Iterator[None]:
    if sys.stderr.isatty():
        yield
        return
    tfds.disable_progress_bar()
    try:
        yield
    finally:
        tfds.enable_progress_bar()


def _explain(error: Exception, builder: Any, name: str) -> Exception:
    """One line for what went wrong while downloading and preparing."""
    import requests
    from tensorflow_datasets.core.download import DownloadError
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    for cause in _causes(error):
        # TFDS wraps this error in another one that has no name.
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return missing_package(name, cause)
        if isinstance(cause, NonMatchingChecksumError):
            return InputError(f"{_first_line(cause)} delete that file and repeat")
        if isinstance(cause, requests.RequestException | DownloadError | urllib.error.URLError):
            return InputError(
                f"{name} could not be downloaded ({_what_failed(cause)}): {_by_hand(builder)}"
            )
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS and isinstance(error, AssertionError):
        return InputError(
            f"{name} cannot be downloaded without its owner's permission: {_by_hand(builder)}"
        )
    if isinstance(error, OSError):
        return InputError(f"{name} could not be prepared: {_first_line(error)}")
    return RunError(f"preparing {name} failed: {type(error).__name__}: {_first_line(error)}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _what_failed(cause: Any) -> str:
    """The address that did not answer, or what the server said."""
    url = getattr(getattr(cause, "request", None), "url", None)
    return f"no answer for {url}" if url else _first_line(cause)


def _by_hand(builder: Any) -> str:
    page = f"{_CATALOG}/{builder.name}"
    files = sorted(info.filename for info in builder.url_infos.values() if info.filename)
    wanted = ", ".join(files) if 0 < len(files) <= 6 else f"its files (see {page})"
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return f"put {wanted} into {_manual_folder(builder)} and repeat"
    return f"repeat when online, or put {wanted} into {_manual_folder(builder)}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
