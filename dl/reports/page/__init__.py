"""The page of a run: one file that holds everything, for any browser, without a network."""
