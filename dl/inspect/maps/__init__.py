"""What the layers of a trained network show, as maps and pictures."""
