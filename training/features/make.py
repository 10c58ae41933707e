"""Makes the feature weights that ship: `python -m diachron.training.features.make DATA OUT.safetensors`.

DATA is the folder of the real sets. About three minutes on one core; the same machine gives the same file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from diachron.training.features.contrast import ContrastOptions, learn_features
from diachron.training.features.encoder import measure_encoder, save_encoder
from diachron.training.features.places import open_places
from diachron.training.features.views import draw_views

# Steps that training never reaches: the scale of the features is measured on views of their own.
MEASURED = range(10**6, 10**6 + 32)


def make(data: Path, target: Path, options: ContrastOptions) -> str:
    """Write the weights learnt from the places below `data`; return the SHA-256 of the file."""
    # Sums over several threads are rounded in another order: one thread, and the core count has no say.
    torch.set_num_threads(1)
    places = open_places(data)

    def say(step: int, loss: float) -> None:
        if step % 50 == 0 or step == options.steps - 1:
            sys.stderr.write(f"step {step}: loss {loss:.3f}\n")

    network = learn_features(places, options, say)
    views = [torch.cat(draw_views(places, options.places, options.seed, step)) for step in MEASURED]
    return save_encoder(measure_encoder(network, torch.cat(views)), target)


if __name__ == "__main__":
    sys.stdout.write(make(Path(sys.argv[1]), Path(sys.argv[2]), ContrastOptions()) + "\n")
