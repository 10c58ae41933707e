"""Zero-shot trials: pairs are made, a detector learns from them, and real pairs that it never saw judge it.

`methods` says what can be tried, `trial` tries one with one seed on every test set, `table` joins the rows.
"""
