"""Self-play on the common runner: it fits, it is resumed exactly, it is rated."""

import json
import signal
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from small_runs import TINY_SELF_PLAY

import dl
from dl.cli.catalog import Catalog
from dl.runs.open_data import open_data
from dl.runs.run import resume_run, start_run
from dl.train.fits import check_recipe_fits, zero_totals, zero_training_totals
from dl.train.interrupt import StopRequest

CATALOG = Catalog("experiments")
SMALL = {"batch_size": 4, "train_examples": 8, **TINY_SELF_PLAY}


def start(folder: Path, stop: StopRequest | None = None, **changes: Any) -> dict[str, Any] | None:
    experiment = CATALOG.load("alphazero_tic_tac_toe")
    options = experiment.options(**{"devices": 1, **SMALL, **changes})
    return start_run(
        experiment, options, run_dir=folder, stop=stop or StopRequest(), show=False
    ).result


@pytest.mark.parametrize("name", ["alphazero_tic_tac_toe", "alphazero_connect_four"])
def test_nets_fit_their_games(name: str) -> None:
    options = CATALOG.load(name).options(**SMALL)
    spec = open_data(options).spec
    recipe = CATALOG.load(name).recipe(options, spec)
    check_recipe_fits(recipe, spec)
    assert set(zero_totals(recipe, spec)) == {"loss", "agreement", "value_error"}
    played = {"loss", "policy_nats", "value_error", "game_length", "first_wins"}
    assert set(zero_training_totals(recipe, spec, options)) == played


@pytest.mark.slow
def test_a_run_is_rated_and_its_boards_go_on_where_they_stopped(tmp_path: Path) -> None:
    """Eight steps at once, and in two halves: the same parameters, boards, replay and selves."""
    result = start(tmp_path / "whole", epochs=4, rated_games=16)
    assert result is not None
    figures = result["metrics"]
    assert set(figures["elo"]) >= {"step 0", "step 8", "random", "perfect"}
    assert figures["elo"]["random"] == 0
    assert 0 <= figures["search"]["agreement"] <= 1
    assert figures["search_against_perfect"]["won"] == 0
    stop = StopRequest()
    stop.number = signal.SIGTERM
    assert start(tmp_path / "halves", stop, epochs=4) is None
    resume_run(tmp_path / "halves", stop=StopRequest(), show=False)
    whole, halves = (dl.load(tmp_path / name) for name in ("whole", "halves"))
    jax.tree.map(np.testing.assert_array_equal, whole.state.carry, halves.state.carry)
    jax.tree.map(np.testing.assert_array_equal, whole.params, halves.params)
    jax.tree.map(np.testing.assert_array_equal, whole.model_state, halves.model_state)


@pytest.mark.slow
def test_boards_are_divided_between_devices(tmp_path: Path) -> None:
    result = start(tmp_path / "run", epochs=1, devices=2, parallel="pmap")
    assert result is not None
    assert np.isfinite(result["metrics"]["test"]["loss"])
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["chosen"]["parallel"], config["chosen"]["devices"]) == ("pmap", 2)
