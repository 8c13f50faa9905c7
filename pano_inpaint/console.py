"""What the three command lines share: errors in one line, progress bars, the option texts."""

import csv
import os
import sys
import traceback
import warnings
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.files import replacing

FILE_WIDTH = 140  # columns of what goes to a file or a pipe, where nobody can widen the window
output = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else FILE_WIDTH)
errors = Console(
    stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else FILE_WIDTH
)
INTERRUPTED = 130
SHOWN = 20  # unreadable pictures named on the console


def run(app, arguments=None):
    """Run a Typer app and exit: one line and a hint on an error, the traceback with ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    if not debug:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before anything imports TensorFlow
    warnings.showwarning = _show_warning
    try:
        app([argument for argument in arguments if argument != "--debug"], standalone_mode=True)
    except PanoInpaintError as error:
        if debug:
            errors.print(traceback.format_exc(), markup=False)
        show_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        errors.print("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def show_error(error):
    """Print an error's line, and its hint where it has one."""
    errors.print(f"error: {error}", style="red", markup=False)
    if getattr(error, "hint", None):
        errors.print(f"hint: {error.hint}", markup=False)


@contextmanager
def progress_bar(description, total, *, unit="steps"):
    """Show a progress bar on the error stream; yields ``advance(done, total, note)``."""
    whole = Column(no_wrap=True)
    columns = (
        TextColumn("{task.description}", table_column=whole),
        BarColumn(bar_width=20),
        MofNCompleteColumn(table_column=whole),
        _Rate(unit),
        TimeElapsedColumn(table_column=whole),
        TimeRemainingColumn(table_column=whole),
        TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
    )
    with Progress(*columns, console=errors, expand=True) as bar:
        task = bar.add_task(description, total=total, note="")

        def advance(done, total=None, note=""):
            bar.update(task, completed=done, note=note, **({} if total is None else {"total": total}))

        yield advance


@contextmanager
def training_bar(total_steps):
    """Show a training run's progress; yields what `models.trainer.train` takes as `watch`."""
    with progress_bar("training", total_steps) as advance:

        def watch(progress):
            losses = " ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
            advance(progress.step, note=f"{progress.target}: {losses}")

        yield watch


def report(folder, lines):
    """Print what was found in a folder."""
    output.print(f"{folder}", markup=False)
    for line in lines:
        output.print(f"  {line}", markup=False)


def report_unreadable(reasons):
    """Name the pictures that could not be decoded."""
    if reasons:
        errors.print(f"{len(reasons)} pictures could not be read:", style="yellow")
    for name, reason in list(reasons.items())[:SHOWN]:
        errors.print(f"  {name}: {reason}", markup=False)
    if len(reasons) > SHOWN:
        errors.print(f"  … and {len(reasons) - SHOWN} more", markup=False)


def report_end(out, finished):
    """Say where a run is, and end the process accordingly if it was interrupted."""
    output.print(f"{out}", markup=False)
    if not finished:
        errors.print("stopped and saved; go on with --resume")
        sys.exit(INTERRUPTED)


class _Rate(ProgressColumn):
    """Finished units a second."""

    def __init__(self, unit):
        super().__init__(table_column=Column(no_wrap=True))
        self.unit = unit

    def render(self, task):
        """Return the column's text."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.2f} {self.unit}/s" if speed else "")


def _show_warning(message, *_, **__):
    errors.print(f"warning: {message}", style="yellow", markup=False)


def print_scores(rows):
    """Print rows of scores, dicts with a ``name``, as a table."""
    if not rows:
        return
    table = Table(box=None, pad_edge=False)
    names = [name for name in rows[0] if name != "name"]
    table.add_column("name", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row["name"], *(_figure(row.get(name)) for name in names))
    output.print(table)


def write_scores(path, rows):
    """Write rows of scores as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["name"])
        writer.writeheader()
        writer.writerows(rows)


def _figure(value):
    return "–" if value is None or value != value else f"{value:.4g}"
