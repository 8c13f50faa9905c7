"""A training run's folder: settings, log, curve, sample sheets, and what it was run with."""

import csv
import importlib.util
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pano_inpaint.errors import UsageError
from pano_inpaint.files import replacing

RUNNING_MEAN = 15  # logged rows
COLUMNS = (
    "step",
    "phase",
    "target",
    "reason",
    "reconstruction",
    "layout",
    "discriminator",
    "adversarial",
    "feature_matching",
    "perceptual",
    "images_per_second",
    "shadows",  # last: a log that was begun without it stays in order
)


class RunFolder:
    """Everything a run writes but its checkpoints and weights.

    Parameters
    ----------
    path : Path
        Created if missing.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._summaries = None

    def start(self, settings, *, resume):
        """Create the folder and note settings and versions; refuse to mix two runs.

        Parameters
        ----------
        settings : dict
            JSON types.
        resume : bool
            Go on with the run that is there.

        Raises
        ------
        UsageError
            If there is a run already and `resume` is False, none and `resume` is True, or the run
            that is there was started with other settings that its numbers depend on.
        """
        there = self.path / "settings.json"
        if there.exists() and not resume:
            raise UsageError(
                f"expected an empty output folder, got a run in {self.path}",
                hint="go on with it by --resume, or choose another --out",
            )
        if resume:
            self._check_same(there, settings)
        self.path.mkdir(parents=True, exist_ok=True)
        for path, values in ((there, settings), (self.path / "versions.json", _versions())):
            with replacing(path) as temporary:
                temporary.write_text(json.dumps(values, indent=2) + "\n")

    def open_log(self, step):
        """Open `log.csv` for rows after `step`; later rows of an interrupted run are dropped."""
        path = self.path / "log.csv"
        rows = [row for row in read_log(path) if int(row["step"]) <= step] if path.exists() else []
        with replacing(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def log(self, row):
        """Append a row, a dict with some of `COLUMNS`, to `log.csv` and to TensorBoard's events."""
        with (self.path / "log.csv").open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(row)
        if importlib.util.find_spec("tensorboard"):
            self._log_summaries(row)

    def save_sheet(self, name, pixels):
        """Write a sample sheet, uint8 (H, W, 3), as `samples/<name>.png`."""
        from PIL import Image

        with replacing(self.path / "samples" / f"{name}.png") as temporary:
            Image.fromarray(pixels).save(temporary)

    def draw_curve(self):
        """Draw the logged losses into `curve.png`."""
        rows = read_log(self.path / "log.csv")
        if rows:
            _draw(rows, self.path / "curve.png")

    def _check_same(self, there, settings):
        if not there.exists():
            raise UsageError(f"expected a run to resume in {self.path}, got none")
        before = json.loads(there.read_text())
        for key in sorted(before.keys() & settings.keys()):
            if before[key] != settings[key]:
                raise UsageError(
                    f"expected {key}={before[key]!r} as the run in {self.path} began with, "
                    f"got {settings[key]!r}"
                )

    def _log_summaries(self, row):
        import tensorflow as tf

        self._summaries = self._summaries or tf.summary.create_file_writer(str(self.path / "events"))
        with self._summaries.as_default(step=row["step"]):
            for name, value in row.items():
                if isinstance(value, float):
                    tf.summary.scalar(name, value)
        self._summaries.flush()


def read_log(path):
    """Read a `log.csv`: a list of dicts of str."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def _versions():
    packages = ("pano-inpaint", "tensorflow", "keras", "numpy", "opencv-python-headless")
    return {"python": platform.python_version()} | {name: _version(name) for name in packages}


def _version(name):
    try:
        return version(name)
    except ImportError:
        return "not installed as a package"


def _draw(rows, path):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, names in ((above, ("reconstruction",)), (below, ("discriminator", "adversarial"))):
        for name in names:
            _plot(axes, name, [(int(row["step"]), float(row[name])) for row in rows if row[name]])
        axes.set_ylabel("loss")
    below.set_xlabel("step")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _plot(axes, name, points):
    """Plot logged losses faintly, and their running mean."""
    if not points:
        return
    steps, values = np.transpose(points)
    (faint,) = axes.plot(steps, values, linewidth=0.8, alpha=0.35)
    window = min(RUNNING_MEAN, len(values))
    mean = np.convolve(values, np.ones(window) / window, mode="valid")
    axes.plot(steps[window - 1 :], mean, label=name, linewidth=1.6, color=faint.get_color())
    axes.legend(loc="upper right")
