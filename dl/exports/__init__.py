"""A trained net as files that other programs read, without this library."""
