"""Ways to paint a date, one file or folder each; the name is the registered name.

A renderer is a module with `REGISTERED = True` and

- `NEEDS_DONORS`: whether new objects take their pixels from objects of a source;
- `draw(rng, request) -> params`: everything random, JSON-ready;
- where a recipe may say more than the name, `Parameters`: a dataclass with defaults that `draw` takes third;
- `paint(request, params) -> Painted`: deterministic; the image equals the source outside `edit`.

One that paints through a network also has `weights_hash(parameters) -> str`, the SHA-256 of its weights,
and, where it can compute on a GPU, `device(parameters) -> str`: `cpu` or `cuda`, as it will be here.
Files and folders without `REGISTERED` are parts that renderers share. `copy_paste/` is the one to imitate.
"""
