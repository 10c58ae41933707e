"""Training a detector: what our loop costs over a bare one, how fast it is, and what bf16 brings here."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

# Before torch is loaded, as `diachron train` has it: a thread that waits must not hold a core that another
# needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
import numpy as np
import torch

from diachron.core.pair import LabelledPair
from diachron.core.streams import stream
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.crops import Batch, CropStream
from diachron.training.detectors.loop import network_inputs, prepare_batch, train_detector
from diachron.training.detectors.losses import detector_loss
from diachron.training.detectors.networks import build_network
from diachron.training.detectors.options import TrainingOptions
from diachron.training.runs.precision import choose_precision

CONFIG = DetectorConfig()


@dataclass(frozen=True)
class MadeUpPairs:
    """Noise with blocks that change: how long a step takes does not depend on what is seen."""

    count: int = 24
    side: int = 512
    name: str = "made-up"

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(self.count))

    def __getitem__(self, position: int) -> LabelledPair:
        rng = stream(0, position, "benchmark")
        t1, t2 = rng.integers(0, 255, (2, 3, self.side, self.side), np.uint8)
        change = np.zeros((self.side, self.side), np.uint8)
        change[100:160, 200:240] = 1
        return LabelledPair(str(position), t1, t2, 255.0, 0.5, change)


def bare_loop(batches: list[Batch], options: TrainingOptions, precision: str) -> None:
    """Do what every training loop does, with batches that are ready, and nothing else."""
    network = build_network(CONFIG, options.seed).train()
    optimizer = torch.optim.AdamW(network.parameters(), options.learning_rate)
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            answer = network(*network_inputs(batch, CONFIG))
        loss = detector_loss(answer, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()


@dataclass(frozen=True)
class Took:
    """How long something took, by the clock and of all processors."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], object]) -> Took:
    """Return how long something takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def measure(steps: int, rounds: int) -> dict[str, object]:
    """Return the figures."""
    pairs = MadeUpPairs()
    options = TrainingOptions(steps=steps, device="cpu")
    precision = choose_precision("auto", torch.device("cpu"))
    crops = CropStream([pairs], CONFIG, options.crops(), options.seed)
    batches = [prepare_batch(crops, options, step) for step in range(steps)]
    held = [pairs[position] for position in range(len(pairs))]

    def ours() -> None:
        train_detector([Held(held)], CONFIG, options)

    def bare(numbers: str) -> None:
        bare_loop(batches, options, numbers)

    # A part of a batch is enough to compare two kinds of numbers, of which one may be emulated and slow.
    part = [batches[0].part(0, 4)]
    # The first calls choose kernels and take memory.
    train_detector([Held(held)], CONFIG, replace(options, steps=1))
    bare_loop(part, options, "bf16")
    took: dict[str, list[Took]] = {"ours": [], "bare": [], "fp32": [], "bf16": []}
    for _ in range(rounds):
        took["ours"].append(timed(ours))
        took["bare"].append(timed(lambda: bare(precision)))
        for numbers in ("fp32", "bf16"):
            took[numbers].append(timed(lambda numbers=numbers: bare_loop(part, options, numbers)))
    middle = {side: statistics.median(each.wall_s for each in values) for side, values in took.items()}
    used = {side: statistics.median(each.cpu_s for each in values) for side, values in took.items()}
    shown = 2 * options.batch * steps
    return {
        "ratio_to_bare_loop": round(middle["ours"] / middle["bare"], 3),
        "ratios_by_round": [
            round(one.wall_s / other.wall_s, 3) for one, other in zip(took["ours"], took["bare"], strict=True)
        ],
        "cpu_time_ratio_to_bare_loop": round(used["ours"] / used["bare"], 3),
        "images_per_second": round(shown / middle["ours"], 1),
        "seconds_per_step": round(middle["ours"] / steps, 3),
        "precision": precision,
        "fp32_time_over_bf16_time": round(middle["fp32"] / middle["bf16"], 3),
        "parameters": sum(weight.numel() for weight in build_network(CONFIG, 0).parameters()),
        "batch": options.batch,
        "crop_px": options.crop_px,
        "steps": steps,
        "rounds": rounds,
        "machine": {**bench.machine(), "torch": torch.__version__, "threads": torch.get_num_threads()},
    }


class Held(list[LabelledPair]):
    """Pairs in memory: the time to read files is that of the disk."""

    name = "held"


def main() -> None:
    """Run the benchmark."""
    parser = bench.parser(__doc__)
    parser.add_argument("--steps", type=int, default=6, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    bench.show(measure(arguments.steps, arguments.rounds), as_json=arguments.json)


if __name__ == "__main__":
    main()
