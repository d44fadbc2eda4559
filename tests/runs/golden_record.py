"""Record what every experiment computes on small data, to compare two versions bit for bit.

    python tests/runs/golden_record.py record before.json     # in a checkout of the old version
    python tests/runs/golden_record.py record after.json      # in one of the new version
    python tests/runs/golden_record.py compare before.json after.json

Each experiment trains about 20 steps with two seeds, on one device and with `pmap` on two. The
record holds its losses, its metrics and a digest of its parameters, which are the same only on one
processor and with the same versions of JAX. It takes about half an hour on two cores. To record a
version older than this file, copy it and `tests/experiments/small_*.py` into its checkout.
"""

import contextlib
import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "experiments")]


def record(path: Path) -> None:
    """Write the record of this checkout to `path`, experiment by experiment."""
    from small_runs import small_options, write_all_small_data

    from dl.cli.catalog import Catalog

    jax.config.update("jax_num_cpu_devices", 2)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    jax.devices()  # made now, since a run would else make as many as it needs, for all after it
    catalog, entries = Catalog("experiments"), {}
    with tempfile.TemporaryDirectory() as folder:
        data = write_all_small_data(Path(folder))
        for name in catalog.names():
            small = small_options(name, catalog.load(name).options(), data)
            for mode in modes(name, small):
                for seed in (0, 1):
                    run = Path(folder) / f"{name}-{mode}-{seed}"
                    entries[run.name] = entry_of(name, run, {**small, "seed": seed}, mode)
                    print(run.name, str(entries[run.name])[:60], flush=True)
            jax.clear_caches()
            path.write_text(json.dumps(entries, indent=1))


def modes(name: str, small: dict[str, Any]) -> list[str]:
    """Ways to train: on one device, and on two if the batch divides; counts train nothing."""
    if name.startswith(("ngram", "ibm1")):
        return ["count"]
    return ["jit", "pmap"] if small.get("batch_size", 1) % 2 == 0 else ["jit"]


def entry_of(name: str, run: Path, options: dict[str, Any], mode: str) -> dict[str, Any]:
    """Run an experiment and take its records, its metrics and a digest of its parameters."""
    import dl
    from dl.cli import main

    how = {"parallel": mode, "devices": 2 if mode == "pmap" else 1, "log_every": 3}
    given = options if mode == "count" else {**options, **how}
    words = [text for key, value in given.items() for text in (f"--{key.replace('_', '-')}", value)]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        code = main(
            "experiments", ["run", name, "--run-dir", str(run), "--quiet", *map(str, words)]
        )
    if code:
        return {"code": code, "error": errors.getvalue().splitlines()[-1]}
    entry = {"metrics": json.loads((run / "result.json").read_text())["metrics"]}
    if mode == "count":
        return entry
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    loaded = dl.load(run)
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_flatten_with_path((loaded.params, loaded.model_state))[0]:
        digest.update(f"{jax.tree_util.keystr(path)}{leaf.dtype}{leaf.shape}".encode())
        digest.update(np.asarray(leaf).tobytes())
    for line in lines:
        line.pop("examples_per_second")
        line.pop("waiting", None)
    return {**entry, "records": lines, "parameters": digest.hexdigest()}


def compare(before: Path, after: Path) -> int:
    """Name the runs that differ; the exit code is 1 if any does."""
    old, new = (json.loads(path.read_text()) for path in (before, after))
    differing = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    print("\n".join([*differing, f"{len(differing)} of {len(old)} runs differ"]))
    return int(bool(differing))


if __name__ == "__main__":
    verb, *paths = sys.argv[1:]
    sys.exit(record(Path(paths[0])) if verb == "record" else compare(*map(Path, paths)))
