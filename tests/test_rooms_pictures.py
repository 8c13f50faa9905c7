"""Textures, views, developing and picture files of the room renderer, all without Blender."""

import struct

import cv2
import numpy as np
import pytest

from finetune.rooms import develop, exr, png, semantics, textures, views
from finetune.rooms.render_passes import Rendering, overlap
from pano_inpaint.errors import FileError


def test_textures_repeat_without_a_seam():
    rng = np.random.default_rng(0)
    field = textures.noise(rng, 128, detail=3.0, period=40)
    inside = np.abs(np.diff(field, axis=1)).max()
    assert np.abs(field[:, 0] - field[:, -1]).max() <= inside * 1.5
    for layout, options in (("planks", {"width": 0.14}), ("herringbone", {"width": 0.08})):
        colours, heights = textures.paint(
            "wood", 3, 128, 2.4, colour=(0.6, 0.4, 0.3), layout=layout, **options
        )
        assert colours.shape == (128, 128, 3) and heights.shape == (128, 128)
        assert 0 <= colours.min() and colours.max() <= 1


def test_the_ends_of_a_rendering_meet_without_a_seam():
    width, rows = 96, 4
    beyond = overlap(width)
    columns = np.arange(-beyond, width + beyond)
    turn = np.broadcast_to(np.sin(2 * np.pi * (columns + 0.5) / width), (rows, len(columns)))
    # What the denoiser leaves differs from end to end: brighter the further right.
    left_over = np.broadcast_to(np.linspace(0, 0.5, len(columns)), turn.shape)
    colour = np.repeat((2 + turn + left_over)[..., None], 3, axis=2).astype(np.float32)
    numbers = np.broadcast_to(columns % width, turn.shape).astype(np.int32)
    joined = Rendering(colour, 3 * colour, numbers, numbers.astype(np.float32)).joined(beyond)
    for values in (joined.colour, joined.outdoors, joined.index, joined.depth):
        assert values.shape[:2] == (rows, width)
    np.testing.assert_array_equal(joined.index[0], np.arange(width))
    np.testing.assert_array_equal(joined.depth, joined.index)
    np.testing.assert_allclose(joined.outdoors, 3 * joined.colour, rtol=1e-6)
    light = joined.colour[0, :, 0]
    np.testing.assert_array_equal(light[beyond:-beyond], colour[0, 2 * beyond : -2 * beyond, 0])
    around = np.roll(light, width // 2)
    assert np.abs(np.diff(around)).max() < 0.13  # the two ends were .44 apart
    plain = Rendering(colour - left_over[..., None], colour, numbers, colour[..., 0]).joined(beyond)
    np.testing.assert_allclose(
        plain.colour[0, :, 0], 2 + np.sin(2 * np.pi * (np.arange(width) + 0.5) / width), atol=1e-5
    )


def test_herringbone_blocks_are_whole():
    from finetune.rooms.bonds import herringbone_layout

    line = (np.arange(960) + 0.5) * 2.4 / 960
    cell, along, across, length, width = herringbone_layout(*np.meshgrid(line, line), 2.4, width=0.1)
    assert along.min() >= 0 and along.max() <= length + 1e-9 and across.max() <= width + 1e-9
    pixels = np.bincount(cell.ravel())
    expected = length * width / (2.4 / 960) ** 2
    assert np.allclose(pixels[pixels > 0], expected, rtol=0.02)


def test_views_have_their_sky_up():
    for time in ("sun", "overcast", "dusk", "night"):
        view = views.paint_view(5, height=64, time=time)
        assert view.shape == (64, 128, 3) and np.isfinite(view).all() and view.min() >= 0
    day = views.paint_view(5, height=64)
    assert day[:8, :, 2].mean() > day[-8:, :, 2].mean()


def rendering(level, outdoors=0.0):
    index = np.where(np.arange(32)[:, None] < 16, 1, 2) * np.ones((1, 64), int)
    return Rendering(
        np.full((32, 64, 3), level, np.float32), np.full((32, 64, 3), outdoors, np.float32), index,
        np.ones((32, 64), np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("level", [1e-3, 0.1, 30.0])
def test_exposure_brings_any_light_to_the_same_grey(level):
    factor = develop.exposure_of([rendering(level), rendering(level)])
    assert factor * level == pytest.approx(0.27, rel=1e-4)


def test_the_tone_curve_rises_and_never_clips_middle_tones():
    values = np.linspace(0, 8, 500)
    coded = develop.encode(values)
    assert (np.diff(coded) >= 0).all() and coded[0] == 0 and coded[-1] <= 1
    assert develop.encode(np.array(0.18)) == pytest.approx(0.4614, abs=1e-3)


def test_softening_the_poles_keeps_the_equator_and_the_mean():
    picture = np.random.default_rng(0).random((64, 128, 3))
    soft = develop.soften_poles(picture, np.radians(20))
    assert np.array_equal(soft[20:44], picture[20:44])
    assert np.allclose(soft.mean(axis=1), picture.mean(axis=1))
    assert soft[0].std() < 0.5 * picture[0].std()


@pytest.mark.parametrize("kind", ["colour", "grey16", "palette"])
def test_png_files_read_back_as_they_were(tmp_path, kind):
    rng = np.random.default_rng(1)
    shape, dtype, high = {"colour": ((9, 7, 3), np.uint8, 256), "grey16": ((9, 7), np.uint16, 65536)}.get(
        kind, ((9, 7), np.uint8, 41)
    )
    pixels = rng.integers(0, high, shape).astype(dtype)
    table = semantics.palette() if kind == "palette" else None
    png.write_png(tmp_path / "a.png", pixels, palette=table)
    back = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    if kind == "colour":
        back = back[..., ::-1]
    elif kind == "palette":
        pixels, back = np.array(table, np.uint8)[pixels], back[..., 2::-1]
    assert np.array_equal(back, pixels)
    with pytest.raises(ValueError, match="expected"):
        png.write_png(tmp_path / "b.png", np.zeros((4, 4), np.float32))


def exr_bytes(values, *, compression=0):
    height, width = values.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"L.Z.V\0" + struct.pack("<iBBBBii", 2, 0, 0, 0, 0, 1, 1) + b"\0"
    attributes = [(b"channels", b"chlist", channels), (b"compression", b"compression", bytes([compression])),
                  (b"dataWindow", b"box2i", window)]  # fmt: skip
    head = struct.pack("<II", 20000630, 2)
    head += b"".join(n + b"\0" + t + b"\0" + struct.pack("<i", len(v)) + v for n, t, v in attributes) + b"\0"
    rows = [struct.pack("<ii", y, 4 * width) + values[y].astype("<f4").tobytes() for y in range(height)]
    starts = np.cumsum([len(head) + 8 * height, *(len(row) for row in rows[:-1])])
    return head + starts.astype("<u8").tobytes() + b"".join(rows)


def test_reading_openexr(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    file = tmp_path / "a.exr"
    file.write_bytes(exr_bytes(values))
    assert np.array_equal(exr.read_exr(file)["L.Z.V"], values)
    for damaged in (b"nothing", exr_bytes(values)[:-9], exr_bytes(values, compression=3)):
        file.write_bytes(damaged)
        with pytest.raises(FileError):
            exr.read_exr(file)
