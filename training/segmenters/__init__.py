"""Segmenters: small networks that tell six classes of ground apart, and what they learn from.

`train_segmenter` (`loop`) trains on sets of tiles whose label maps say of each pixel which classes it *may*
be (`classes`): maps of buildings alone, of land cover, and of points teach one network together. It returns a
`Segmenter` (`segmenter`), stored as a folder with the accuracy at held-out places (`report`).

A segmenter has a role (`roles`): a labeller makes label maps, a scorer only judges what was made. The two are
trained at different places, so that the judge has not learnt the labeller's mistakes.
"""
