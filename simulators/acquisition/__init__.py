"""What light and sensor do to a date, one file a step; the file name is the registered name.

A step is a module with `REGISTERED = True`, a `STAGE`, and

- `Parameters`: a frozen dataclass of quantities with defaults (`core.distributions`);
- `draw(rng, parameters, context) -> dict`: one date's numbers, JSON-ready;
- what its stage asks for. `light` and `tone` steps are point operations: `curve(values, drawn) -> values` on
  (C, n) numbers in 0-1, applied before and after the optics. `optics` steps give `kernels(drawn) ->
  (along rows, along columns)`, two 1-D kernels that sum to one. `noise` steps give `sigma(values, drawn)`
  and a `seed` among their numbers.

`apply.py` puts the steps together. Nothing here sees the event log or the later label maps.
"""
