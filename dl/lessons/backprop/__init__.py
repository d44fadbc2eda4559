"""Back-propagation by hand: no derivative in this room is found by automatic differentiation.

`dense` is the algorithm layer by layer, `modular` the view in which every layer maps A_prev to A
and dA to dA_prev; `maps` and `map_layers` do the same for convolution and pooling. `conventions`
sets the lectures' two error terms side by side, `chain_rule` and `examples` hold the worked
examples, and `gradient_check` compares any gradient with finite differences.

The layout is the lectures': an example is a column, so that X is [n, m] for m examples with n
numbers each, W is [units, inputs] and b is [units, 1]. The rest of the library has an example in a
row. Maps are [B, H, W, C] here as elsewhere.

>>> import dl
>>> backprop = dl.lessons.backprop
>>> weights = backprop.running_example()
>>> X, Y = jnp.ones((3, 5)), jnp.zeros((1, 5))
>>> found = backprop.backpropagate(
...     weights, X, Y, activations=("tanh", "logistic"), loss="cross_entropy"
... )
>>> {name: array.shape for name, array in found.named().items() if name.startswith("d")}
{'dA1': (4, 5), 'dW1': (4, 3), 'db1': (4, 1), 'dA2': (1, 5), 'dW2': (1, 4), 'db2': (1, 1)}
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
