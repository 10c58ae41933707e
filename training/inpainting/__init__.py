"""Teaching a network to repaint: real tiles with swapped patches come back to the real tile.

It makes the weights of renderer `inpainting`. At each step crops of real tiles get holes of the shapes that
edits have, filled with pixels from elsewhere: what `copy_paste` would propose, with its faults. The network
learns the way from there, buried in noise to some part, to the real picture.
"""
