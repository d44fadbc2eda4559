"""The lectures' own demonstrations."""
