"""Loops, losses and networks that score or detect; for now, data sets as torch reads them."""
