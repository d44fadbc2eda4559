# %% [markdown]
# ## Set up
#
# Colab brings its own JAX, built for its TPUs and GPUs. The next cell installs `dl` only where it is missing, and tells
# pip to keep the JAX that is there. If Colab asks to restart the session afterwards, do so and run this cell again. If
# pip complains of conflicting dependencies, Colab's JAX is older than `dl` needs: choose the newest runtime version
# under *Runtime → Change runtime type*.

# %%
import re
from importlib import metadata
from pathlib import Path

try:
    import dl
except ImportError:
    versions = {str(package.name): package.version for package in metadata.distributions()}
    keep = [
        f"{name}=={versions[name]}"
        for name in versions
        if re.match("(jax|jaxlib|libtpu)$|jax[-_]cuda", name)
    ]
    Path("keep.txt").write_text("\n".join(keep))
    # %pip install --quiet --constraint keep.txt "dl-lectures[games,plots,programs] @ git+repo:"
    import dl

# %% [markdown]
# Which processor do the computations run on? The same code runs on all three kinds. In Colab you choose with *Runtime →
# Change runtime type*; for this notebook any of them will do.

# %%
import os

# What was compiled once is kept in this folder.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", "compiled")
import jax

meaning = {
    "tpu": "A TPU is a chip built for the matrix products that networks consist of.",
    "gpu": "A GPU does thousands of small computations at once, which is what networks consist of.",
    "cpu": "A CPU is the ordinary processor: fast enough for this notebook, slow for larger networks.",
}
device = jax.devices()[0]
print(
    f"JAX {jax.__version__}, {jax.device_count()} × {device.platform.upper()} ({device.device_kind})"
)
print(meaning[device.platform])
