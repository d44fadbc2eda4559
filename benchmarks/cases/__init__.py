"""One benchmark a file, all systems side by side."""
