"""The benchmarks: a file in `benchmarks/cases/` is one, or a family of several shapes.

The first line of a file's docstring says what is measured. The file defines `UNIT`, and `SYSTEMS`
with a function for each system, which takes `quick` and returns a `Workload` or a `Measurement`.
A family also defines `FAMILIES`, {family: {name: shape}}, and its functions take the shape first.
An optional `unavailable(quick)` returns why the benchmark cannot run here.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from benchmarks import cases
from benchmarks.measure import Measurement, Workload
from dl.errors import InputError, did_you_mean

System = Callable[[bool], Workload | Measurement]


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: one row of the table for each system.

    `unavailable(quick)` returns why it cannot run here, or None.
    """

    name: str
    about: str
    unit: str
    systems: dict[str, System]
    family: str | None
    unavailable: Callable[[bool], str | None]


def load_benchmarks() -> dict[str, Benchmark]:
    """All benchmarks by name; a system is only imported when its function is called."""
    names = sorted(case.name for case in pkgutil.iter_modules(cases.__path__))
    modules = [importlib.import_module(f"{cases.__name__}.{name}") for name in names]
    return {benchmark.name: benchmark for module in modules for benchmark in _benchmarks_of(module)}


def choose(names: list[str], known: dict[str, Benchmark]) -> list[Benchmark]:
    """The benchmarks or families called `names`, or all benchmarks when no name is given."""
    families = {benchmark.family for benchmark in known.values() if benchmark.family}
    for name in names:
        if name not in known and name not in families:
            raise InputError(
                f"unknown benchmark {name!r}; {did_you_mean(name, {*known, *families})}"
            )
    return [
        benchmark
        for benchmark in known.values()
        if not names or benchmark.name in names or benchmark.family in names
    ]


def _benchmarks_of(module: ModuleType) -> list[Benchmark]:
    about = (module.__doc__ or "").strip().splitlines()[0]
    unavailable = getattr(module, "unavailable", lambda quick: None)
    if not hasattr(module, "FAMILIES"):
        name = module.__name__.rpartition(".")[2]
        return [Benchmark(name, about, module.UNIT, module.SYSTEMS, None, unavailable)]
    return [
        Benchmark(
            name,
            about,
            module.UNIT,
            {system: partial(build, shape) for system, build in module.SYSTEMS.items()},
            family,
            unavailable,
        )
        for family, shapes in module.FAMILIES.items()
        for name, shape in shapes.items()
    ]
