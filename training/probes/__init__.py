"""Probes: small networks that tell made crops from real ones, and the file that a trained one is kept in.

`diachron evaluate quality` trains them, asks them on places that they did not learn from, and keeps one with
`--keep-probes`; the filter `probe_score` reads it. Both cut their crops with `edited_crops.py` and
`edited_parts.py`: a probe may be asked about nothing but what it has learnt.
"""
