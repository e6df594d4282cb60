"""Video files, and from videos to frames. Knows no faces and no networks."""
