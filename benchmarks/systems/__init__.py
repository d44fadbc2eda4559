"""How each system trains: the same work in a file for each system."""
