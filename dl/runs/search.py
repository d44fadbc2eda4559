"""Make a search on disk: rounds of runs, which can be interrupted at any moment."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace

from dl.data.dataset import Dataset
from dl.data.load import absolute
from dl.errors import DivergedError, InputError
from dl.runs.files import write_text
from dl.runs.load import load
from dl.runs.lock import locked
from dl.runs.open_data import open_data
from dl.runs.search_folder import Search, SearchFolder
from dl.runs.search_round import Round
from dl.runs.shared_study import SharedSearch
from dl.search.groups import Group, check_metric, group_candidates, options_of, sign_of
from dl.search.trials import Candidate, Found
from dl.train.fits import zero_totals
from dl.train.interrupt import StopRequest

_LOOKED_AT = 64
"""How many values of a range are looked at before a search that draws several times."""


def check_search(search: Search) -> Search:
    """`search` with the metric that it compares, and with how many trials fit one program.

    Raises:
        InputError: for a search that cannot be made; nothing is written.
    """
    experiment, options = search.experiment, search.options
    if experiment.count is not None:
        raise InputError(f"{experiment.name} counts, and trains nothing that could be searched")
    if not search.vary:
        raise InputError(
            "a search varies at least one option: give --vary, such as learning_rate=log:1e-4..1"
        )
    if options.members > 1:
        raise InputError("a search trains single nets: leave --members out")
    if options.stop_below:
        raise InputError(
            "a search compares evaluations, and --stop-below ends a training between two of them: "
            "leave it out, or give --patience in its place"
        )
    if search.journal and search.method != "optuna":
        raise InputError("--journal is for --method optuna: give both, or none")
    if search.method == "halving" and "epochs" in search.vary:
        raise InputError("halving gives the epochs itself: search others, or by another method")
    _check_inside(search)
    alone = replace(search, journal="")  # the first candidates of a shared study would stay in it
    drawn = alone.strategy.draw(alone.space, 0, [])
    groups = group_candidates(options, drawn, most=search.side_by_side)
    data = open_data(options)
    if data.validation is None:
        raise InputError("a search compares on held-out examples: give --validation, such as 0.1")
    _check_trials(search, groups, data)
    totals = zero_totals(experiment.recipe(options, data.spec), data.spec)
    # Each net stops at its own time, and a population needs its data in memory.
    in_turn = options.patience or options.parallel != "auto" or not data.train.in_memory
    checked = replace(
        search,
        options=replace(options, dataset=absolute(options.dataset)),
        metric=check_metric(totals, search.metric),
        side_by_side=1 if in_turn else search.side_by_side,
    )
    if isinstance(checked.strategy, SharedSearch):
        checked.strategy.check(checked.space)
    return checked


def _check_inside(search: Search) -> None:
    """Refuse ranges with values inside that the options do not take.

    A later draw of one would end a search that has begun; other methods draw all at once.
    """
    if search.method not in ("coarse-to-fine", "optuna"):
        return
    for name, dimension in search.space.items():
        for value in dimension.grid(_LOOKED_AT):
            try:
                options_of(search.options, Candidate({name: value}))
            except InputError as error:
                raise InputError(
                    f"{name} may become {value}: {error}; give values that can be, as a,b,c"
                ) from None


def _check_trials(search: Search, first: Sequence[Group], data: Dataset) -> None:
    """Refuse ends of ranges that the data do not allow, and `first` trials that cannot be built."""
    for name, dimension in search.space.items():
        for end in dimension.grid(2):
            options_of(search.options, Candidate({name: end})).check_plan(data)
    for group in first:
        group.options.check_plan(data)
        search.experiment.recipe(group.options, data.spec)


def run_search(
    search: Search,
    folder: SearchFolder,
    *,
    stop: StopRequest,
    show: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Found | None:
    """Make the rounds that are missing in `folder`; None when a signal came first.

    `tell` is called with a line for each group of trials.

    Raises:
        DivergedError: when no trial has a finite figure.
        InputError: when the files of the search do not belong together.
    """
    with locked(folder.path):
        found = _make_rounds(search, folder, stop, show, tell)
        if found is None:
            return None
        write_text(folder.table, found.table().csv() + "\n")
        try:
            _keep_best(search, folder, found)
        except DivergedError as error:
            raise DivergedError(f"{error}; {folder.table} has them") from None
    return found


def _make_rounds(
    search: Search,
    folder: SearchFolder,
    stop: StopRequest,
    show: bool,
    tell: Callable[[str], None],
) -> Found | None:
    """All trials; what is written already is not made again."""
    space, strategy, stored = search.space, search.strategy, folder.read_trials()
    trials = []
    for number in range(len(strategy.rounds(space))):
        candidates = strategy.draw(space, number, trials)
        going = Round(search, folder, number, trials, candidates, stop, show, tell)
        made = going.make([trial for trial in stored if trial.round == number])
        if made is None:
            return None
        if isinstance(strategy, SharedSearch):
            strategy.tell(space, number, made)
        trials = trials + made
    return Found(trials, search.metric, sign_of(search.metric))


def _keep_best(search: Search, folder: SearchFolder, found: Found) -> None:
    """Write the best trial as a run of its own, which is evaluated on the test part too."""
    best = found.best
    if (folder.best / "result.json").exists():
        return
    trained = load(folder.path / best.where, package=search.experiment.package)
    shutil.rmtree(folder.best, ignore_errors=True)  # what an interruption left of it
    trained.members[best.member].save(folder.best)
