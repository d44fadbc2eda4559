"""Text as numbers: files, vocabularies, and how text is cut into sequences."""
