"""How good the features of a network are: reconstruction, probes, neighbours, PCA."""
