"""Hypothesis as `tests.worlds` sets it, also for the files here that use no world."""

import tests.worlds  # noqa: F401
