"""Device settings that must be made before JAX looks for devices."""

import contextlib
import os


def set_up_devices(devices: int) -> None:
    """On a CPU, split it into `devices` devices, so that `--devices 8` works without an accelerator.

    An accelerator is left as it is; so is a count that the user has set for himself.
    """
    import jax

    asked_for_cpu = (os.environ.get("JAX_PLATFORMS") or "cpu").startswith("cpu")
    if devices > 1 and asked_for_cpu and not _already_set():
        with contextlib.suppress(RuntimeError):  # JAX is in use already: its devices are what they are
            jax.config.update("jax_num_cpu_devices", devices)


def _already_set() -> bool:
    return "JAX_NUM_CPU_DEVICES" in os.environ or "xla_force_host_platform" in os.environ.get("XLA_FLAGS", "")
