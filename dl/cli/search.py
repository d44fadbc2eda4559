"""`search NAME`: look for good options of an experiment."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from dl.assess.report import Form
from dl.cli.catalog import Catalog
from dl.cli.named import named_app
from dl.cli.next_steps import command
from dl.cli.outcome import describe_values, print_text, say, stop_request
from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.search.space import MethodName

if TYPE_CHECKING:
    from dl.runs.search_folder import Search, SearchFolder


def search(name: str, /, *, catalog: Annotated[Catalog, Parameter(parse=False)]) -> int:
    """Search for good options; `search NAME --help` shows how.

    Parameters
    ----------
    name
        An experiment, as `list` shows them.
    """
    raise InputError(f"give the experiment first: search {name} --vary learning_rate=log:1e-4..1")


def search_app(catalog: Catalog, name: str) -> cyclopts.App:
    """The parser of `search NAME`: how to search, and the experiment's options."""
    chosen = catalog.load(name)

    def make(
        *,
        vary: Annotated[list[str], Parameter(consume_multiple=1, negative="")],
        method: MethodName = "random",
        trials: int = 16,
        stages: int = 4,
        metric: str = "",
        side_by_side: int = 16,
        journal: Path | None = None,
        search_dir: Path | None = None,
        format: Form = "text",
        quiet: bool = False,
        grace: float = 0.0,
        options: Annotated[Any, Parameter(name="*")],
    ) -> int:
        counts = {"trials": trials, "stages": stages, "side_by_side": side_by_side}
        for count, value in counts.items():
            check_number(count, value, Range(at_least=1), whole=True)
        from dl.cli.machine import set_up_machine

        set_up_machine(options.devices)
        from dl.runs.folder import make_folder
        from dl.runs.search import check_search
        from dl.runs.search_folder import Search, SearchFolder, new_search_folder, write_search

        planned = Search(
            chosen,
            options,
            _by_name(vary),
            method,
            trials,
            stages,
            metric,
            side_by_side,
            journal=str(journal.expanduser().absolute()) if journal else "",
            name=uuid.uuid4().hex if journal else "",
        )
        folder = new_search_folder(chosen, options.seed, search_dir)
        planned = check_search(planned)
        folder = SearchFolder(make_folder(folder.path, chosen=search_dir is None))
        write_search(planned, folder)
        how = {"format": format, "quiet": quiet, "grace": grace}
        return make_search(planned, folder, catalog=catalog, **how)

    return named_app(catalog, "search", chosen, make, help=_HELP, parameters=_PARAMETERS)


def make_search(
    planned: "Search",
    folder: "SearchFolder",
    *,
    catalog: Catalog,
    format: Form = "text",
    quiet: bool = False,
    grace: float = 0.0,
) -> int:
    """Search, or go on with a search; print its table. Returns the exit code."""
    from dl.runs.search import run_search
    from dl.runs.stored import read_result
    from dl.search.space import describe

    say(f"searching in {folder.path}")
    with stop_request(grace) as stop:
        found = run_search(planned, folder, stop=stop, show=not quiet, tell=say)
    if found is None:
        again = command(catalog.package, "resume", folder.path, planned)
        say(f"stopped by {stop.signal_name}; saved. Go on with: {again}")
        return stop.exit_code
    best, figures = found.best, read_result(folder.best / "result.json")["metrics"]
    say(f"best: {describe(best.values)}, {found.metric} {found.sign * best.score:.4f}")
    say(f"its run is {folder.best}; {describe_values('test', figures.get('test', {}))}")
    print_text(getattr(found.table(), format)())
    return 0


def _by_name(vary: list[str]) -> dict[str, str]:
    """`NAME=WORDS` as entries of a dictionary."""
    words: dict[str, str] = {}
    for each in vary:
        name, separator, text = each.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if not separator or not text:
            raise InputError(f"--vary {each!r}: give OPTION=LOW..HIGH, =log:LOW..HIGH or =a,b,c")
        if name in words:
            raise InputError(f"--vary names {name} twice")
        words[name] = text
    return words


_HELP = """Search for good options of an experiment on held-out examples.

Options that are numbers in the compiled program (rates, penalties, dropout) are tried side by side
in one program, the others one after the other. A search that is interrupted goes on with `resume`.
The best trial is kept as a run.
"""

_PARAMETERS = """Search.

Parameters
----------
vary
    What to search: OPTION=LOW..HIGH, OPTION=log:LOW..HIGH for a scale of powers, or OPTION=a,b,c.
method
    random draws; a grid; coarse-to-fine, which draws again around the best; halving, which trains
    many for few epochs and the best for longer; optuna, a sampler that learns (needs the extra
    search).
trials
    How many candidates; for halving, how many it begins with.
stages
    Stages of coarse-to-fine, and of optuna.
metric
    What decides; by default the held-out accuracy if there is one, else the loss.
side_by_side
    The most trials in one program; fewer need less memory.
journal
    With optuna: a file by which several machines share one study (Optuna's journal).
search_dir
    Folder of the search; default searches/NAME/TIME-SEED.
format
    How the table of trials is printed.
quiet
    No progress.
grace
    Seconds that a signal leaves for the save; later the search says so and leaves. 0 takes as long
    as it needs.
"""
