"""Search for good hyper-parameters: spaces, strategies, and what they have found.

The names are listed in `__init__.pyi` and loaded when they are first used.

>>> import dl
>>> space = {"learning_rate": dl.search.LogUniform(1e-5, 1.0)}
>>> found = dl.search.minimise(
...     lambda trials: [abs(np.log10(each["learning_rate"]) + 3) for each in trials],
...     space,
...     dl.search.RandomSearch(20, seed=0),
... )
>>> 1e-4 < found.best.values["learning_rate"] < 1e-2
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
