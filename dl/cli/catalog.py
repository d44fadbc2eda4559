"""The experiments of a package, listed and described without importing them."""

import ast
import importlib.util
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dl.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from dl.runs.experiment import Experiment


@dataclass(frozen=True)
class Catalog:
    """The experiment modules in one package."""

    package: str

    def names(self) -> list[str]:
        """All experiments, by name."""
        return sorted(
            path.stem for path in self._folder().glob("*.py") if not path.stem.startswith("_")
        )

    def docstring(self, name: str) -> str:
        """The docstring of an experiment, read without importing it."""
        path = Path(name).expanduser() if is_file(name) else self._folder() / f"{name}.py"
        with tokenize.open(path) as file:  # a file of the user's may say another encoding
            return ast.get_docstring(ast.parse(file.read())) or ""

    def require(self, name: str) -> None:
        """Raise an `InputError` with the nearest name when no experiment is called `name`."""
        names = self.names()
        if name not in names:
            raise InputError(f"unknown experiment {name!r}; {did_you_mean(name, names)}")

    def load(self, name: str) -> "Experiment":
        """Import an experiment of the package, or run the file `name` of the user's own."""
        if is_file(name):
            from dl.runs.experiment_file import load_experiment_file

            return load_experiment_file(name)
        self.require(name)
        from dl.runs.experiment import load_experiment

        return load_experiment(f"{self.package}.{name}")

    def _folder(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise InputError(f"there is no package {self.package} with experiments")
        return Path(spec.submodule_search_locations[0])


def is_file(name: str) -> bool:
    """Whether `name` is that of a file and not of an experiment in the package.

    >>> is_file("./mine.py"), is_file("lenet_digits")
    (True, False)
    """
    return name.endswith(".py") or "/" in name or "\\" in name


def name_experiment(file: Path | None) -> None:
    """Run the `file` that a command names, so that runs of it can be opened."""
    if file is not None:
        from dl.runs.experiment_file import load_experiment_file

        load_experiment_file(file)
