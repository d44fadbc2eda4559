"""A JAX functional deep-learning toolkit: models, steps and experiments of five introductory
lectures.

The names are listed in `__init__.pyi` and loaded when they are first used, so that `import dl`
costs nothing by itself.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
