"""Change detectors: small Siamese networks, what they learn from, and how they are kept.

`train_detector` (`loop`) trains on any sets of labelled pairs and returns a `Detector` (`detector`), which
gives the probability of change of two pictures and is stored as a folder. Which network it is stands in a
`DetectorConfig` (`config`); each network is one file, listed in `networks`.

A new network is an encoder: a module with `widths`, `strides` and `forward(image) -> list of features`,
finest first, that sees one date and nothing of the other. `siamese_unet.py` is the file to imitate.
"""
