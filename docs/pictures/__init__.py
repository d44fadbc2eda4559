"""The pictures of the gallery, by page."""
