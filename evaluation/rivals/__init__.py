"""Published ways to make change pairs from single dates, rules and compositing as published.

Each policy is one file, found by its name, with `REGISTERED = True` and one function:

    def make(rng, scene, lend) -> LabelledPair

- `rng`: the only source of chance.
- `scene`: a prepared `Scene`; its picture has at most three bands.
- `lend(rng)`: another scene of the same source and sensor, drawn at random.

`change` of the pair is the difference of the two building masks, 255 where the scene says nothing; shape
and data type are the scene's (`changestar_pairs` crops to what both tiles have). A policy never changes a
scene. Its docstring lists the published rules that are kept, the defects that are kept on purpose, and what
could not be made again; the facts come from papers and code as cited there. `naive_paste` is the one to
imitate.

`scenes` serves the scenes, `pair_set` makes numbered pairs of a policy, `cutouts` and `edits` hold what
policies share. `torchange_events` is of another kind: it wraps a package for `evaluation.contestants`.
"""
