"""Keeps samples whose changes can be seen: painted ground must differ from what was there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diachron.core.distributions import check_quantity
from diachron.pipelines.filters.verdict import Candidate, Verdict, check_action

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """When a change counts as visible.

    Args:
        step: difference in the strongest band, as a share of full scale, from which a pixel has visibly
            changed. 0.05 is 13 of 255: about the spread of bare ground at 0.3 m.
        lowest: share of the changed pixels that must differ so.
        action: `reject` refuses a sample under `lowest`; `weight` keeps all and weighs them by their share.
    """

    step: float = 0.05
    lowest: float = 0.3
    action: str = "reject"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.step, key="step", low=0, high=1)
        check_quantity(self.lowest, key="lowest", low=0, high=1)
        check_action(self.action)


def judge(candidate: Candidate, parameters: Parameters) -> Verdict:
    """Return the share of changed pixels that differ visibly before acquisition.

    First and last date are compared, as in the change map. A sample without change is kept.
    """
    changed = candidate.sample.change == 1
    if not changed.any():
        return Verdict(None)
    first, last = candidate.pictures[0][:, changed], candidate.pictures[-1][:, changed]
    difference = np.abs(first.astype(np.float32) - last.astype(np.float32)).max(axis=0)
    share = float(np.mean(difference >= parameters.step * candidate.full_scale))
    if parameters.action == "weight":
        return Verdict(share, weight=share)
    if share < parameters.lowest:
        return Verdict(
            share, refused=f"{share:.0%} of the changed pixels differ visibly, asked {parameters.lowest:.0%}"
        )
    return Verdict(share)
