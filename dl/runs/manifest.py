"""The manifest of a run: versions, device, commit, data and command of each start."""

import platform
import shlex
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from dl.runs.config import Origin
from dl.runs.files import write_json
from dl.runs.stored import read_starts

DISTRIBUTION = "dl-lectures"
"""The name of this package on PyPI, where `dl` is another project."""

_PACKAGES = ("dl", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def add_to_manifest(
    path: Path, *, fingerprint: str, seed: int, devices: int, origin: Origin | None = None
) -> None:
    """Append a start of the run to the list in manifest.json."""
    starts = read_starts(path)
    start = describe_start(fingerprint=fingerprint, seed=seed, devices=devices, origin=origin)
    write_json(path, {"starts": [*starts, start]})


def first_start(path: Path) -> dict[str, Any] | None:
    """What was noted at the first start; None when there is no manifest yet."""
    starts = read_starts(path)
    return starts[0] if starts else None


def describe_start(
    *, fingerprint: str, seed: int, devices: int, origin: Origin | None = None
) -> dict[str, Any]:
    """All that may explain why two runs differ."""
    device = jax.devices()[0]
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": shlex.join(_command()),
        "seed": seed,
        "dataset_fingerprint": fingerprint,
        "origin": {"run": origin.run, "step": origin.step, "checksum": origin.checksum}
        if origin
        else None,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "device": {"platform": device.platform, "kind": device.device_kind, "count": devices},
    }


def _command() -> list[str]:
    """The words that started this process, so that they can be typed again."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return ["python", "-m", program.parent.name, *sys.argv[1:]]
    return [program.name, *sys.argv[1:]]


def device_name() -> str:
    """The device in words: CPU with its number of cores, or the accelerator's kind.

    >>> bool(device_name())
    True
    """
    import os

    device = jax.devices()[0]
    return f"CPU, {os.cpu_count()} cores" if device.platform == "cpu" else f"{device.device_kind}"


def version(package: str) -> str | None:
    """The installed version of `package`, None when it is not installed as a package."""
    try:
        return metadata.version(DISTRIBUTION if package == "dl" else package)
    except metadata.PackageNotFoundError:
        return None


def git_commit() -> str | None:
    """The git commit of this code, with `-dirty` when files differ; None outside a checkout."""
    folder = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return None
