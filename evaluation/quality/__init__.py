"""How good made pairs look: what gives them away, how far they are from real ones, what they repeat.

One file a measure. A measure is a class with

- `add(pair, rng)`: take from one made pair what it needs, and keep little;
- `figures(seeds) -> dict`: JSON-ready figures, each with its spread;
- `crops() -> dict`: name -> the crops it looks at, for contact sheets; empty where it looks at none.

`measures.py` runs all of them over a data set. A probe is a small network that is trained to tell made crops
from real ones on some places and asked on others: an AUC of 0.5 is the best a data set can have. It counts
only if the same network, trained the same way, finds a known bad case in the same run.
"""
