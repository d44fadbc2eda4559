"""A run on disk: folder, manifest, records, checkpoints; started, resumed and loaded."""
