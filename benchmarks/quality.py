"""Completion scores beside the peers', on the same panoramas and holes, in one run.

Holes are drawn from each picture's name and the seed, so every run and every preset meets the same ones.

    python -m benchmarks.quality PANORAMAS [--preset indoor] [--quality draft] [--peer telea] [--out SHEETS]
"""

import time
import zlib
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.peers import run_peer
from pano_inpaint import console
from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.holes import random_sphere_hole
from pano_inpaint.pairs import scan_pictures
from pano_inpaint.panorama import read_panorama, write_panorama
from pano_inpaint.scoring import load_lpips, mean_scores, score_pair

HOLES = 3  # per panorama


def main(
    panoramas: Annotated[Path, typer.Argument(help="Folder of 2:1 pictures, none of them trained on.")],
    preset: Annotated[list[str] | None, typer.Option(help="Repeatable.")] = None,
    quality: Annotated[list[str] | None, typer.Option(help="draft, standard or fine; repeatable.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help="telea, patchmatch, resynthesizer.")] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Peers on the flat picture too.")] = False,
    seed: Annotated[int, typer.Option()] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for all completed pictures.")] = None,
) -> None:
    """Print mean scores, hole-only and sphere-weighted, and mean seconds a hole."""
    methods = _methods(
        preset or ["indoor"], quality or ["draft", "standard"], peer or ["telea", "patchmatch"], flat
    )
    rows = {name: [] for name in methods}
    evaluators, notes = load_lpips(("alex",))
    cases = list(_cases(panoramas, seed))
    with console.progress_bar("completing", len(cases) * len(methods), unit="holes") as advance:
        for number, (label, panorama, mask) in enumerate(cases):
            for done, (name, complete) in enumerate(methods.items(), start=number * len(methods) + 1):
                began = time.perf_counter()
                result = complete(panorama, mask)
                seconds = {"seconds": time.perf_counter() - began}
                rows[name].append(
                    score_pair(result.pixels, panorama.pixels, mask, lpips=evaluators) | seconds
                )
                if out:
                    write_panorama(out / f"{label}_{name.replace(' ', '_')}.png", result)
                advance(done)
    console.print_scores([{"name": name} | mean_scores(scores) for name, scores in rows.items()])
    for note in notes:
        console.errors.print(note)


def _methods(presets, qualities, peers, flat):
    """Return, by name, functions of panorama and mask that return the completed panorama."""
    methods = {
        f"{Path(name).name} {quality}": Eraser.load(name, quality=quality).erase
        for name in presets
        for quality in qualities
    }
    for name in peers:
        for through in ("cube", "flat") if flat else ("cube",):
            methods[f"{name} {through}"] = _peer(name, through)
    return methods


def _peer(name, through):
    def complete(panorama, mask):
        filled = run_peer(name, np.ascontiguousarray(panorama.pixels[..., :3]), mask, through=through)
        return panorama.with_pixels(filled.picture)

    return complete


def _cases(folder, seed):
    """Yield a label, a panorama and a mask for every hole."""
    for path in scan_pictures(folder):
        panorama = read_panorama(path)
        for number in range(HOLES):
            rng = np.random.default_rng((seed, zlib.crc32(path.stem.encode()), number))
            yield f"{path.stem}_{number}", panorama, random_sphere_hole(rng, len(panorama.pixels))


if __name__ == "__main__":
    try:
        typer.run(main)
    except PanoInpaintError as error:
        console.show_error(error)
        raise SystemExit(error.exit_code) from None
