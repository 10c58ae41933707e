"""Networks that others have published, as renderers use them: folders, windows, prompts, samplers.

The renderers themselves are `diffusers_inpainting.py` and `rsdit.py` beside this folder; here are the parts.
None of the files imports diffusers before a network is loaded, and nothing is ever downloaded: a model is a
folder, or lies in the cache of the hub.
"""
