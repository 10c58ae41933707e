"""Change detectors that see no change label and learn from nothing but the pair itself.

Each is one file, found by its name, with `REGISTERED = True` and two functions:

    def detect(t1, t2, full_scale) -> NDArray[np.bool_]     (H, W) changed or not
    def score(t1, t2, full_scale) -> NDArray[np.float32]    (H, W) more is more change, in units of its own

- `t1`, `t2`: (C, H, W) of equal shape in the source's dtype and scale; inputs stay as they are.
- `full_scale`: value of white.
- Nothing is drawn at random: the same pair gives the same map.
- A pair whose dates are equal has no change.

Each decides on a threshold by the pair alone, so a pair without any change is still cut in two: what that
costs is part of the result. `change_vector` is the one to imitate.
"""
