"""Progress: a bar on a terminal, a line now and then elsewhere, always on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LINES = 10


@contextmanager
def progress_bar(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback that takes (finished, all).

    Args:
        what: is counted.
        quiet: for machine-readable output: no lines; a terminal still has its bar.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(what, total=None)
            yield lambda finished, total: progress.update(task, completed=finished, total=total)
        return
    if quiet:
        yield None
        return
    last = [0]

    def line(finished: int, total: int) -> None:
        step = finished * LINES // max(total, 1)
        if step > last[0]:
            last[0] = step
            click.echo(f"{finished} of {total} {what}", err=True)

    yield line
