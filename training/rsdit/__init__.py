"""Training RSDiT: in the latents of an autoencoder, from label maps, to velocities along the straight path.

It makes the folder of renderer `rsdit`. Half of the crops are painted whole, from noise and the label map; in
the others proposals with swapped patches, buried in noise, come back to the real picture.
"""
