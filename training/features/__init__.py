"""A small frozen network that says how alike two crops look: the ruler of `diachron evaluate quality`.

`encoder.load_encoder()` gives the weights that ship, checked by their hash; `weights/` holds them with their
card. `make.py` made them: crops of one place attract each other, other places repel.
"""
