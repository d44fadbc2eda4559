"""Games of two players as pure functions, and the search of their trees.

The names are listed in `__init__.pyi` and loaded when they are first used.

>>> import dl
>>> game = dl.games.named("connect_four")
>>> dl.games.write_moves([3, 3, 4], game)
'445'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
