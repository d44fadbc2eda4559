"""One result on any number of devices: the table of docs/reliability.md.

    python tests/faults/one_result.py [MLP LeNet ResNet LSTM]

For each net, 1, 2, 4 and 8 devices and each mode it prints two distances from one device under jit:
of the gradients of one step in float64, and of the parameters after 50 steps in float32. Beside the
latter stands how far apart one device ends when only the order of summation changes.
"""

import sys
from pathlib import Path

import jax

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]


def main(wanted: list[str]) -> None:
    jax.config.update("jax_num_cpu_devices", 8)
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # as tests/conftest.py says
    from device_cases import CASES, LAYOUTS, distance, gradient, make_case, spread, trained

    for name in CASES:
        if wanted and name.split()[0] not in wanted:
            continue
        case = make_case(name)
        exact, alone = gradient(case, "jit", 1), trained(case, "jit", 1)
        print(f"{name}: order of summation alone {spread(case).max():.1e}", flush=True)
        for mode, count in LAYOUTS:
            of_gradient = distance(gradient(case, mode, count), exact)
            of_parameters = distance(trained(case, mode, count), alone)
            print(f"  {mode} {count}: {of_gradient:.1e} {of_parameters:.1e}", flush=True)
        jax.clear_caches()


if __name__ == "__main__":
    main(sys.argv[1:])
