"""What the runner sets for its process: only what the user has not set, and never in a library
import.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dl.cli import machine

ROOT = Path(__file__).resolve().parents[2]
SHOW = "import jax; print(len(jax.devices()), jax.config.values['jax_compilation_cache_dir'])"


def python(code: str, **environment: str) -> list[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_", "MALLOC_", "XLA_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_an_import_sets_nothing() -> None:
    assert python(f"import dl, dl.cli; dl.models.mlp(2); {SHOW}") == ["1", "None"]


def test_the_runner_takes_a_device_for_each_core_and_keeps_programs(tmp_path: Path) -> None:
    code = f"from dl.cli.machine import set_up_machine; set_up_machine(0); {SHOW}"
    devices, folder = python(code, XDG_CACHE_HOME=str(tmp_path))
    assert int(devices) == min(len(os.sched_getaffinity(0)), 8)
    assert Path(folder).parent == tmp_path / "dl" / "compiled"


@pytest.mark.slow
def test_a_count_of_devices_is_taken_as_given(tmp_path: Path) -> None:
    code = f"from dl.cli.machine import set_up_machine; set_up_machine(3); {SHOW}"
    assert python(code, XDG_CACHE_HOME=str(tmp_path))[0] == "3"


@pytest.mark.slow
def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    code = f"from dl.cli.machine import set_up_machine; set_up_machine(3); {SHOW}"
    devices, folder = python(code, JAX_NUM_CPU_DEVICES="2", JAX_COMPILATION_CACHE_DIR=str(tmp_path))
    assert (devices, folder) == ("2", str(tmp_path))


@pytest.mark.slow
def test_a_second_process_finds_the_programs_of_the_first(tmp_path: Path) -> None:
    code = (
        "from dl.cli.machine import set_up_machine; set_up_machine(1); import jax, jax.numpy as "
        "jnp;"
        "jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0);"
        "hits = []; jax.monitoring.register_event_listener(lambda event, **_: hits.append(event));"
        "jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((4, 4)));"
        "print(sum('cache_hits' in event for event in hits))"
    )
    assert python(code, XDG_CACHE_HOME=str(tmp_path)) == ["0"]
    assert int(python(code, XDG_CACHE_HOME=str(tmp_path))[0]) > 0


def test_programs_are_kept_by_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine.cache_folder()
    monkeypatch.setattr(machine, "_processor", lambda: "another one")
    assert machine.cache_folder() != here


def test_memory_settings_of_the_user_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert not machine.keep_freed_memory()


def test_programs_that_a_dead_process_left_half_written_are_removed(tmp_path: Path) -> None:
    whole, torn = tmp_path / "a-cache", tmp_path / "b-cache"
    whole.write_bytes(b"program")
    torn.write_bytes(b"prog")
    (tmp_path / "a-atime").write_bytes(bytes(8))
    machine.drop_torn_programs(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*-*")) == ["a-atime", "a-cache"]


@pytest.mark.slow
def test_a_broken_program_is_compiled_again_without_a_word(tmp_path: Path) -> None:
    code = (
        "from dl.cli import main\n"
        "raise SystemExit(main('experiments', ['run', 'perceptron_xor', '--epochs', '1', "
        "'--quiet', '--run-dir', {!r}]))"
    )
    for name in ("first", "second"):
        done = subprocess.run(
            [sys.executable, "-c", code.format(str(tmp_path / name))],
            env={
                **os.environ,
                "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache"),
                "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "ache" not in done.stderr
        for program in (tmp_path / "cache").glob("*-cache"):
            program.write_bytes(program.read_bytes()[:100])


@pytest.mark.parametrize("why", ["no home", "no room"])
def test_a_run_without_a_cache_folder_says_so(
    tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import jax

    set_to: list[str] = []
    monkeypatch.setattr(jax.config, "update", lambda name, value: set_to.append(name))
    if why == "no home":
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", _no_home)
    else:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    machine._keep_compiled_programs()
    said = capsys.readouterr().err
    assert said.startswith("compiled programs are not kept (")
    assert said.endswith("): set XDG_CACHE_HOME to a folder\n")
    assert set_to == []


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")
