"""Teaching a network to paint over sketches: real tiles are smoothed inside their regions, and come back.

It makes the weights of renderer `semantic`. Crops lose their texture as procedural pictures do before they
are painted over; the network learns the way from there, buried in noise to some part, to the real picture.
"""
