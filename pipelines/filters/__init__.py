"""Filters: what a finished sample must hold to be kept, and how much it counts.

A filter is one file with `REGISTERED = True`, a frozen dataclass `Parameters` whose values are checked like
those of a process, and

    def judge(candidate: Candidate, parameters: Parameters) -> Verdict

It draws nothing and looks at one sample, so that a verdict does not depend on what else is made. A refused
sample is drawn again like any other and stands in `rejected.jsonl` with the filter's name if it cannot be
had; score and weight of a kept one stand in `sample.json` and in the index. Imitate `edit_visibility.py`.

A filter that looks through a network names its folder or file in a parameter `weights`, and has

    def weights_hash(parameters: Parameters) -> str

The hash stands in the record and, in place of the path, in the plan's fingerprint. Imitate
`label_fidelity.py`, or `probe_score.py` for a network that may be unfit.

A filter that compares samples has parameters and no `judge`: samples are final by the time that they can be
compared, so it only weighs, when the tables are joined. There is one, `duplicates.py`, which says how.
"""
