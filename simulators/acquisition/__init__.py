"""What day, light and sensor do to a date, one file a step; the file name is the registered name.

A step is a module with `REGISTERED = True`, a `STAGE`, and

- `Parameters`: a frozen dataclass of quantities with defaults (`core.distributions`);
- `draw(rng, parameters, context) -> dict`: one date's numbers, JSON-ready: amounts and seeds, no arrays;
- what its stage asks for; a step whose amounts are 0 changes nothing, bit for bit.

| stage | what it is | function |
|---|---|---|
| `ground` | what the ground looks like that day | `act(values, drawn, place) -> values`, (C, H, W) in 0-1 |
| `light` | the air, a point operation | `curve(values, drawn) -> values` on (C, n) numbers in 0-1 |
| `field` | what varies smoothly over the picture | `act`, as above |
| `geometry` | where the ground comes to lie | `displacement(shape, drawn, place) -> warp.Displacement` |
| `optics` | what blurs | `kernels(drawn) -> (along rows, along columns)`, 1-D, each sums to one |
| `noise` | grain | `sigma(values, drawn)`, and a `seed` among its numbers |
| `tone` | the provider's look, a point operation | `curve`, as above |
| `coding` | how the finished numbers are stored | `code(image, drawn, full_scale) -> image` |

`act` may overwrite `values`. `place` is the date's own state (`context.Place`) or None where it is not known.
`apply.py` puts the steps together in this order; steps of one stage follow each other by name. Nothing here
sees the event log, the change or the edit mask.
"""
