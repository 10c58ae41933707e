"""Loops, losses and networks that score or detect. Nothing lives here yet; detectors come first."""
