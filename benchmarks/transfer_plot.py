"""The curves of `benchmarks.transfer`: scores against the number of training panoramas.

python -m benchmarks.transfer_plot docs/transfer.csv docs/transfer.png
"""

import csv
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pano_inpaint.files import replacing

PANELS = {
    "homes_psnr": "held-out homes: PSNR, dB",
    "homes_lpips_alex": "held-out homes: LPIPS",
    "real_psnr": "real panoramas: PSNR, dB",
    "real_lpips_alex": "real panoramas: LPIPS",
}
STYLES = {
    "encoder frozen": ("#0072b2", "o", "-"),
    "all layers": ("#d55e00", "s", "-"),
    "from scratch": ("#555555", "^", "-"),
    "encoder frozen, zero padding": ("#0072b2", "x", "--"),
}


def main(
    table: Annotated[Path, typer.Argument(help="transfer.csv of a run.")],
    plot: Annotated[Path, typer.Argument(help="PNG to write.")],
) -> None:
    """Draw the curves of a finished run again."""
    with table.open(newline="") as file:
        rows = [
            {key: value if key == "arm" else float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
    draw_curves(rows, plot)


def draw_curves(rows, path):
    """Draw the mean over seeds, and each seed as a dot.

    Parameters
    ----------
    rows : sequence of dict
        ``arm``, ``panoramas`` and scores, as in `transfer.csv`.
    path : Path
        PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    counts = sorted({int(row["panoramas"]) for row in rows})
    panels = [(key, title) for key, title in PANELS.items() if key in rows[0]]
    places = figure.subplots(2, 2, sharex=True).ravel()
    for axes, (key, title) in zip(places, panels, strict=False):
        for arm, style in STYLES.items():
            _draw_arm(axes, arm, [row for row in rows if row["arm"] == arm], key, counts, style)
        axes.set_title(title, fontsize=10)
        axes.set_xticks(range(len(counts)), [f"{count}" for count in counts])
        axes.grid(alpha=0.25)
    for axes in places[2:]:
        axes.set_xlabel("training panoramas")
    figure.legend(*places[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=90)


def _draw_arm(axes, arm, rows, key, counts, style):
    colour, marker, line = style
    places = [counts.index(int(row["panoramas"])) for row in rows]
    values = [row[key] for row in rows]
    axes.plot(places, values, ".", color=colour, alpha=0.35, markersize=4)
    there = sorted(set(places))
    means = [np.mean([v for p, v in zip(places, values, strict=True) if p == place]) for place in there]
    axes.plot(there, means, marker=marker, linestyle=line, color=colour, label=arm, markersize=5)


if __name__ == "__main__":
    typer.run(main)
