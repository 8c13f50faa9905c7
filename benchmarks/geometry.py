"""Panorama ↔ cube faces against py360convert, interleaved in one run, both with their grids warm.

    python -m benchmarks.geometry [--height 2048] [--face 1024] [--runs 7]

Times are medians: CPU seconds of all threads, and wall-clock seconds; ratio: py360convert's over ours.
The round trip (panorama → faces → panorama) is scored on a smooth picture with some texture, 8 bit.
"""

import argparse
import time
from statistics import median

import numpy as np
import py360convert

from pano_inpaint.cubemap import from_faces, to_faces
from pano_inpaint.sphere import window_directions

MODES = ("bilinear", "bicubic")


def build_panorama(height):
    """Paint waves and a grid on the sphere: detail down to a dozen pixels, continuous at seam and poles.

    Parameters
    ----------
    height : int
        Rows of the panorama.

    Returns
    -------
    ndarray, shape (height, 2 * height, 3), uint8
    """
    directions = window_directions((slice(None), 0, 2 * height), height)
    frequency = height / 8
    waves = np.sin(directions * frequency) + np.sin(directions[..., [1, 2, 0]] * (frequency / 5))
    edges = np.tanh(8 * np.sin(directions[..., [2, 0, 1]] * 12))
    return np.round(127.5 + 35 * waves + 45 * edges).clip(0, 255).astype(np.uint8)


def measure(runners, runs):
    """Time functions in turn, after one call each that warms their caches.

    Parameters
    ----------
    runners : dict of callable
        What to time, by name.
    runs : int
        Timed calls of each.

    Returns
    -------
    dict of (float, float)
        Median CPU and wall-clock seconds by name.
    """
    for run in runners.values():
        run()
    times = {name: [] for name in runners}
    for _ in range(runs):
        for name, run in runners.items():
            cpu, wall = time.process_time(), time.perf_counter()
            run()
            times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {name: tuple(map(median, zip(*pairs, strict=True))) for name, pairs in times.items()}


def psnr(result, truth):
    """Peak signal-to-noise ratio of 8-bit pictures, data range 255.

    Parameters
    ----------
    result, truth : ndarray, uint8

    Returns
    -------
    float
        Decibels.
    """
    return 10 * np.log10(255**2 / np.mean((result.astype(np.float64) - truth) ** 2))


def compare(panorama, face_size, mode, runs):
    """Time both directions and score the round trip, ours and theirs.

    Parameters
    ----------
    panorama : ndarray, shape (H, 2H, 3), uint8
    face_size : int
        Side of a face in pixels.
    mode : {"bilinear", "bicubic"}
    runs : int
        Timed calls of each function.

    Returns
    -------
    dict
        Seconds by name as from `measure`, and round trips in dB as (ours, theirs).
    """
    height, width = panorama.shape[:2]
    faces = to_faces(panorama, face_size, interpolation=mode)
    their_faces = py360convert.e2c(panorama, face_size, mode=mode, cube_format="list")
    times = measure(
        {
            "to_faces": lambda: to_faces(panorama, face_size, interpolation=mode),
            "e2c": lambda: py360convert.e2c(panorama, face_size, mode=mode, cube_format="list"),
            "from_faces": lambda: from_faces(faces, height, interpolation=mode),
            "c2e": lambda: py360convert.c2e(their_faces, height, width, mode=mode, cube_format="list"),
        },
        runs,
    )
    ours = from_faces(faces, height, interpolation=mode)
    theirs = py360convert.c2e(their_faces, height, width, mode=mode, cube_format="list")
    return times, (psnr(ours, panorama), psnr(theirs, panorama))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--height", type=int, default=2048, help="rows of the panorama (default: 2048)")
    parser.add_argument("--face", type=int, default=1024, help="side of a face (default: 1024)")
    parser.add_argument("--runs", type=int, default=7, help="timed calls of each (default: 7)")
    options = parser.parse_args()
    panorama = build_panorama(options.height)
    print(f"{2 * options.height}×{options.height} uint8 RGB, face {options.face}, {options.runs} runs each")
    print(f"{'':22}{'pano-inpaint':>21}{'py360convert':>21}{'ratio':>14}")
    print(f"{'':22}{'CPU s':>11}{'wall s':>10}{'CPU s':>11}{'wall s':>10}{'CPU':>7}{'wall':>7}")
    scores = {}
    for mode in MODES:
        times, scores[mode] = compare(panorama, options.face, mode, options.runs)
        for ours, theirs in (("to_faces", "e2c"), ("from_faces", "c2e")):
            (cpu, wall), (their_cpu, their_wall) = times[ours], times[theirs]
            row = f"{f'{ours} {mode}':22}{cpu:11.3f}{wall:10.3f}{their_cpu:11.3f}{their_wall:10.3f}"
            print(row + f"{their_cpu / cpu:6.2f}×{their_wall / wall:6.2f}×")
    for mode, (ours, theirs) in scores.items():
        print(f"{f'round trip {mode}':22}{ours:18.1f} dB{theirs:18.1f} dB")


if __name__ == "__main__":
    main()
