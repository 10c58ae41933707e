"""What is said about predicted change: counts that add up over pairs, and the figures read from them.

One file a definition, named in its first lines: `binary` (pixels changed or not), `semantic` (from-to),
`xbd` (damage), `objects` (connected pieces, by size), `boxes` (extents of change), `curves` (thresholds).
Every count is a frozen class with `of(...)` and `+`: a figure of a set comes from the sum over its pixels,
never from the mean of its pairs.
"""
