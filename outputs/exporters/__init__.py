"""Layouts of other tools, one file each; the file name is the registered name.

An exporter is a module with `REGISTERED = True` and `export(dataset, to) -> int`: it writes all complete
samples below the folder `to` (made if missing, refused if it holds other files) and returns their number.
File names are made from sample numbers, never from names in the source. `levir.py` is the one to imitate.
"""
