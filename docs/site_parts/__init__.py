"""What the documentation adds to Sphinx: the reference, the gallery, links to the code."""
