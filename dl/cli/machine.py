"""Settings of the runner's process, made before JAX looks for devices.

Importing the library sets none of them.
"""

import contextlib
import ctypes
import hashlib
import os
import platform
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from dl.cli.outcome import say
from dl.errors import first_line

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # of glibc's mallopt
_MOST_CPU_DEVICES = 8


def set_up_machine(devices: int) -> None:
    """Keep freed memory and compiled programs, and make a CPU device for each core.

    `devices` sets another number of CPU devices. Settings of accelerators, and those that the user
    has made, are not changed.
    """
    import jax

    if (os.environ.get("JAX_PLATFORMS") or "cpu").startswith("cpu"):
        keep_freed_memory()
        if not _devices_are_set():
            # JAX raises when it is in use already: then its devices stay.
            with contextlib.suppress(RuntimeError):
                jax.config.update(
                    "jax_num_cpu_devices", devices or min(_cores(), _MOST_CPU_DEVICES)
                )
    if jax.config.values["jax_compilation_cache_dir"] is None:
        _keep_compiled_programs()


def keep_freed_memory() -> bool:
    """Let glibc keep the memory that a step frees for the next step; returns whether it does.

    By default glibc gives large blocks back to the system, which has to zero every page that it
    hands out at the next step. Threads share one arena, because only the main arena can hold blocks
    of any size.
    """
    if not sys.platform.startswith("linux") or any(
        name.startswith("MALLOC_") for name in os.environ
    ):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return all([mallopt(_MMAP_MAX, 0), mallopt(_ARENA_MAX, 1), mallopt(_TRIM_THRESHOLD, 2**31 - 1)])


def _keep_compiled_programs() -> None:
    """Let JAX keep compiled programs in the user's cache folder, if there is one."""
    import jax

    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        drop_torn_programs(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        say(f"compiled programs are not kept ({first_line(error)}): set XDG_CACHE_HOME to a folder")
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", 2**30)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def drop_torn_programs(folder: Path) -> None:
    """Remove the programs that a process was writing when it died.

    JAX writes a program and then, beside it, when it was used last; while it does, it holds a lock.
    A program without that time is torn: it would never be replaced, and no other could be stored.
    """
    with contextlib.suppress(Timeout), FileLock(folder / ".lockfile", timeout=1):
        for program in folder.glob("*-cache"):
            used = program.with_name(program.name.removesuffix("-cache") + "-atime")
            if not used.exists() or used.stat().st_size != 8:
                program.unlink(missing_ok=True)
                used.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The folder of compiled programs, one for each processor since they hold machine code.

    Raises:
        RuntimeError: when the user has no home folder.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dl" / "compiled" / hashlib.sha256(_processor().encode()).hexdigest()[:12]


def _processor() -> str:
    """The processor's model and instruction sets, in words."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() + platform.machine()
    return "".join(
        sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    )


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _devices_are_set() -> bool:
    return "JAX_NUM_CPU_DEVICES" in os.environ or "xla_force_host_platform" in os.environ.get(
        "XLA_FLAGS", ""
    )
