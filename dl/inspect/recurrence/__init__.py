"""How far back a recurrent layer learns and remembers: gradients, Jacobians, gates, weights."""
