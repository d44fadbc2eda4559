"""Games of two players as pure functions, and the search of their trees."""
