"""A few real steps of training, and the same with a stop between: do they work, and repeat?"""

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject
from dl.promotion import usual_promotion
from dl.runs.checkpoint import Checkpoints
from dl.runs.checksums import flatten
from dl.train.compiled import Compiled, compile_recipe
from dl.train.guard import RecompilationWarning
from dl.train.names import by_path
from dl.train.recipe import Recipe
from dl.train.training import Training
from dl.types import Params, PyTree

STEPS = 4
"""Steps of a trial, with the stop after the first half of them."""


@dataclass(frozen=True)
class Trial:
    """A few steps of training as `run` makes them: its states, on the host, and its functions."""

    compiled: Compiled
    before: Training
    middle: Training
    after: Training
    half: int
    total: int


def make_trial(subject: Subject) -> Trial:
    """Four steps with the data, the batch size and the layout of the training itself."""
    compiled = _compile(subject)
    total = min(STEPS, compiled.plan.total_steps)
    half = total // 2
    training = compiled.start(None)
    before = _host(compiled, training)
    training = _advance(compiled, training, 0, half or total)
    middle = _host(compiled, training)
    training = _advance(compiled, training, half or total, total)
    return Trial(compiled, before, middle, _host(compiled, training), half, total)


def dry_run(subject: Subject, trial: Trial) -> Finding:
    """Whether a few steps of the training leave finite numbers, and move every parameter.

    Parameters that the optimizer leaves as they are, whatever their gradient, are frozen and may
    stay.
    """
    name, state = "dry run", trial.after.state
    unfinite = [path for path, leaf in by_path(state.params).items() if not np.isfinite(leaf).all()]
    steps = f"{trial.total} step{'s' if trial.total > 1 else ''}"
    if unfinite:
        remedy = f"look at {_listed(unfinite)}, at the inputs, and at a lower --learning-rate"
        return Finding(name, "failed", f"numbers that are not finite after {steps}", "", remedy)
    still, count = _unmoved(trial.before.state.params, state.params), len(by_path(state.params))
    # With a rate of 0 nothing moves either, and that is not what freezing is for.
    frozen = _frozen(subject.recipe, trial.after) if 0 < len(still) < count else set()
    stuck = [path for path in still if path not in frozen]
    found = f"{count - len(still)} of {count} arrays moved in {steps}"
    found += f", {len(frozen)} frozen" if frozen else ""
    expected = "finite, all moved"
    if stuck:
        remedy = (
            f"{_listed(stuck)} did not change: no gradient reaches "
            f"{'it' if len(stuck) == 1 else 'them'} (dead units, a stop_gradient, or unused), or "
            "the learning rate is 0"
        )
        return Finding(name, "failed", found, expected, remedy, float(len(stuck)))
    return Finding(name, "passed", found, expected, value=0.0)


def compilations(trial: Trial) -> Finding:
    """Whether the step was compiled once for each shape of batch, and not again."""
    name, guard = "compilations", trial.compiled.guard
    expected = f"at most {guard.declared}, one a shape"
    found = f"{guard.count} in {trial.total} steps"
    if guard.count <= guard.declared:
        return Finding(name, "passed", found, expected, value=float(guard.count))
    remedy = (
        f"{_changed(guard.signatures)}: let batches, and what a step returns, keep shapes and types"
    )
    return Finding(name, "failed", found, expected, remedy, float(guard.count))


def resume(subject: Subject, trial: Trial) -> Finding:
    """Whether half of the steps, a checkpoint on disk, and the rest give the bits of all of them.

    The rest is compiled anew, as in another process, so that whatever is random when the step is
    traced, or counted in Python, shows.
    """
    name = "resume"
    if not trial.half:
        return not_applicable(name, "the training has a single step")
    compiled = _compile(subject)
    with tempfile.TemporaryDirectory() as folder:
        stored = _through_disk(compiled, trial, Path(folder))
    training = _advance(compiled, compiled.start(stored), trial.half, trial.total)
    wrong = _unlike(trial.after, _host(compiled, training))
    how = f"{trial.half} steps, a checkpoint, {trial.total - trial.half} steps"
    if wrong:
        remedy = (
            f"{_listed(wrong)} came out otherwise: let model, objective, optimizer, augmentation "
            "and data be pure; draw what is random from the key, and keep counts in the state"
        )
        return Finding(
            name, "failed", f"{how}: other bits", f"the bits of {trial.total} steps", remedy
        )
    return Finding(name, "passed", f"{how}: the same bits", f"the bits of {trial.total} steps")


def _compile(subject: Subject) -> Compiled:
    return compile_recipe(subject.recipe, subject.data, subject.options, subject.layout)


def _advance(compiled: Compiled, training: Training, start: int, end: int) -> Training:
    """One call for each step; whether they compile again is told by a check, not by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompilationWarning)
        for step in range(start, end):
            training, ticket = compiled.advance(training, step, step + 1)
            jax.block_until_ready(ticket)
    return training


def _host(compiled: Compiled, training: Training) -> Training:
    """A copy on the host; the next step writes over the memory of the state that it is given."""
    return jax.tree.map(jnp.copy, compiled.layout.fetch(training))


def _through_disk(compiled: Compiled, trial: Trial, folder: Path) -> Any:
    with Checkpoints(folder) as checkpoints:
        checkpoints.save(trial.half, trial.middle, notes={})
        checkpoints.wait()
        return checkpoints.restore(trial.half, compiled.expected())[0]


def _unmoved(before: Params, after: Params) -> list[str]:
    now = by_path(after)
    return [path for path, leaf in by_path(before).items() if np.array_equal(leaf, now[path])]


def _frozen(recipe: Recipe, training: Training) -> set[str]:
    """The parameters that the optimizer leaves as they are for gradients of 1."""
    params = training.state.params
    ones = jax.tree.map(jnp.ones_like, params)
    with usual_promotion():
        optimizer = optax.with_extra_args_support(recipe.optimizer)
        updates, _ = optimizer.update(ones, training.state.opt_state, params, value=jnp.ones(()))
    return {path for path, update in by_path(updates).items() if not np.any(update)}


def _unlike(left: PyTree, right: PyTree) -> list[str]:
    """The names of arrays of which a bit differs."""
    others = flatten(right)
    return [
        path
        for path, leaf in flatten(left).items()
        if np.asarray(leaf).tobytes() != np.asarray(others[path]).tobytes()
    ]


def _changed(signatures: list[dict[str, str]]) -> str:
    first, last = signatures[0], signatures[-1]
    changed = [
        f"{path}: {first.get(path, 'absent')} -> {shape}"
        for path, shape in last.items()
        if first.get(path) != shape
    ]
    return "; ".join(changed[:2]) or "nothing changed in shapes or types"


def _listed(paths: list[str], most: int = 3) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
