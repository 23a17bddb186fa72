"""Registration: warping, similarity, smoothness, networks and their weights; 2D and 3D."""
