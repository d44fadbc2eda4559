"""How each system trains: the same work, a file a system."""
