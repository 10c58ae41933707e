"""What every part speaks: grids, schemes, scenes, events, samples, streams, errors. Knows nobody."""
