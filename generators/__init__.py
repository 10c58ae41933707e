"""Ways to paint a date, one file or folder each; the name is the registered name.

A renderer is a module with `REGISTERED = True` and

- `NEEDS_DONORS`: whether new objects take their pixels from objects of a source;
- `draw(rng, request) -> params`: everything random, JSON-ready;
- `paint(request, params) -> Painted`: deterministic; the image equals the source outside `edit`.

Folders without `REGISTERED` are parts that renderers share. `copy_paste/` is the one to imitate.
"""
