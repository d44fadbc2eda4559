"""Sources: examples in memory or on disk, sequences of several lengths, one stream of symbols."""
