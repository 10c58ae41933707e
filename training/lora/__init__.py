"""Teaching a published inpainting network what tiles look like: a LoRA beside the weights of its U-Net.

The network itself stays as it is. What is learned are two thin matrices beside each projection of its
attention, a few megabytes, which renderer `diffusers_inpainting` adds when it loads it.

Source: Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models".
"""
