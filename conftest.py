"""Names that every doctest may use, and a limit to what earlier tests leave in memory."""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

import pytest

# Background jobs ignore these, and what is ignored stays ignored; but here they are tested.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (getattr(signal, "SIGHUP", signal.SIGTERM), signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

MOST_RESIDENT = 1 << 30
"""Bytes of memory at which a process drops the programs that earlier tests compiled."""


@pytest.fixture(autouse=True)
def _doctest_names(request: pytest.FixtureRequest) -> None:
    if type(request.node).__name__ == "DoctestItem":
        import jax
        import jax.numpy as jnp
        import numpy as np

        request.getfixturevalue("doctest_namespace").update(jax=jax, jnp=jnp, np=np)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Drop programs where much is in memory: rather between two modules than in one."""
    same_module = nextitem is not None and nextitem.path == item.path
    if resident() > MOST_RESIDENT * (1.2 if same_module else 0.7):
        drop_programs()


def resident() -> int:
    """Bytes of this process in memory; 0 on systems that do not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def drop_programs() -> None:
    import jax

    jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":  # glibc keeps what is freed
        getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)
