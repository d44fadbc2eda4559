"""What is said about runs afterwards."""
