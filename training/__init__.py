"""Loops, losses and networks that score or detect: change detectors, and data sets as torch reads them."""
