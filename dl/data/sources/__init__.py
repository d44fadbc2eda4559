"""Sources: examples in memory or read late, sequences of several lengths, one stream of symbols."""
