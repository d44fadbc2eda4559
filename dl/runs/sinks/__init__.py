"""Where the records of a run go beside metrics.jsonl: a file for each kind of sink."""
