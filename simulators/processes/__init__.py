"""Kinds of change, one file each; the file name is the registered name.

A process is a module with `REGISTERED = True` and

- `Parameters`: a frozen dataclass, every field with a default and its unit in the name; `rate_per_km2_year`
  is among them. `__post_init__` checks ranges with `core.distributions.check_quantity`.
- `forward(rng, site, times, parameters) -> Outcome`: incidents at `times` that lead from the real picture
  into the future.
- `backward(rng, site, times, parameters) -> Outcome`: the same kind of incident, already part of the real
  picture, whose undoing leads into the past.

Both take ids, ground and donors from the `Site`, and return events in the forward sense of time.
`construction.py` is the one to imitate; the contract test runs over every file found here.
"""
