"""Which benchmarks there are: one file of `benchmarks/cases/` holds one, or a family of them over
several shapes.

A case file has a docstring whose first line says what is measured, `UNIT`, and `SYSTEMS`, a
function a system. The function takes `quick` and returns a `Workload`, or a `Measurement` that it
made itself. A family has `FAMILIES` too, {family: {name: shape}}; its functions take the shape
first. `unavailable(quick)`, where there is one, says what is missing.
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
    """One row of the table for each of `systems`; `unavailable(quick)` is the reason why it cannot
    run here, if any.
    """

    name: str
    about: str
    unit: str
    systems: dict[str, System]
    family: str | None
    unavailable: Callable[[bool], str | None]


def load_benchmarks() -> dict[str, Benchmark]:
    """All benchmarks by name. Nothing heavy is imported: cases import their systems when they are
    called.
    """
    names = sorted(found.name for found in pkgutil.iter_modules(cases.__path__))
    modules = [importlib.import_module(f"{cases.__name__}.{name}") for name in names]
    return {benchmark.name: benchmark for module in modules for benchmark in _benchmarks_of(module)}


def choose(names: list[str], known: dict[str, Benchmark]) -> list[Benchmark]:
    """The benchmarks called `names` (a family's name means all of it), or all of them when no name
    is given.
    """
    families = {benchmark.family for benchmark in known.values() if benchmark.family}
    for name in names:
        if name not in known and name not in families:
            raise InputError(
                f"unknown benchmark {name!r}; {did_you_mean(name, {*known, *families})}"
            )
    return [one for one in known.values() if not names or one.name in names or one.family in names]


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
