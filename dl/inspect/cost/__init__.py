"""What a model costs: parameters, multiply-adds, connections; and what its units see."""
