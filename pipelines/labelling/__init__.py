"""Label maps made by a segmenter: the tiles that it learns from."""
