"""Labels made by a segmenter: the tiles that it learns from, and change maps of real pairs without labels."""
