"""Names that every doctest may use."""

import pytest


@pytest.fixture(autouse=True)
def _doctest_names(request: pytest.FixtureRequest) -> None:
    if type(request.node).__name__ == "DoctestItem":
        import jax
        import jax.numpy as jnp
        import numpy as np

        request.getfixturevalue("doctest_namespace").update(jax=jax, jnp=jnp, np=np)
