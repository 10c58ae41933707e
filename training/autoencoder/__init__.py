"""Training an autoencoder (AutoencoderKL of diffusers) on crops of tiles, for networks that paint in latents.

Absolute error and a small KL term, no judge of looks and no rival network: what it gives back is softer than
what an autoencoder gives back that was trained with those.
"""
