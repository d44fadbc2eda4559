"""However the steps of a run are divided into compiled calls, its bits are the same.

The quick tests see it for one net of each kind of source; the slow ones for every experiment. Both
say more with DL_TEST_OPTIMISED=1: then programs are optimised as users have them.
"""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from small_data import COUNTED
from small_runs import small_options, write_all_small_data

import dl
from dl.cli.catalog import Catalog
from dl.runs.open_data import open_data
from dl.runs.run import start_run
from dl.train.compiled import compile_recipe
from dl.train.fits import zero_training_totals
from dl.train.interrupt import StopRequest
from dl.train.layout import make_layout
from dl.train.state import jit_init_state
from dl.train.training import Training

CATALOG = Catalog("experiments")
TRAINED = [name for name in CATALOG.names() if name not in COUNTED]
QUICK = ("autoencoder_mnist", "lstm_shakespeare")
CUTS = (1, 2, 10, 100)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_all_small_data(tmp_path_factory.mktemp("data"))


def options_of(name: str, data: dict[str, str], **changes: Any) -> Any:
    options = CATALOG.load(name).options
    return options(**{**small_options(name, options(), data), "devices": 1, **changes})


def end_of(folder: Path) -> tuple[Any, ...]:
    """The bits of the parameters, and the records and the metrics of a run without times."""
    loaded = dl.load(folder)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("examples_per_second")
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    metrics.pop("microseconds_a_move", None)
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(loaded.params)], lines, metrics


@pytest.mark.parametrize("name", QUICK)
def test_the_compiled_program_is_the_same_for_every_number_of_steps(
    name: str, data: dict[str, str]
) -> None:
    options = options_of(name, data)
    opened = open_data(options)
    recipe = CATALOG.load(name).recipe(options, opened.spec)
    layout = make_layout("jit", devices=1, batch_size=options.batch_size)
    first = jit_init_state(recipe, opened.spec, options).eval_shape(0, recipe.numbers)
    training = Training(first, zero_training_totals(recipe, opened.spec, options))
    programs = []
    for steps in CUTS:
        cut = replace(options, steps_per_call=steps)
        compiled = compile_recipe(recipe, opened, cut, layout)
        first_call = partial(compiled.advance, start=0, end=compiled.plan.call_end(0))
        jax.eval_shape(first_call, training)
        programs.append(compiled.guard.signatures)
    assert programs == [programs[0]] * len(CUTS)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in TRAINED])
def test_every_number_of_steps_in_a_call_gives_the_same_bits(
    name: str, data: dict[str, str], tmp_path: Path
) -> None:
    ends = []
    for steps in CUTS:
        folder = tmp_path / str(steps)
        start_run(
            CATALOG.load(name),
            options_of(name, data, steps_per_call=steps, log_every=3),
            run_dir=folder,
            stop=StopRequest(),
            show=False,
        )
        ends.append(end_of(folder))
    assert ends[1:] == [ends[0]] * (len(CUTS) - 1)
