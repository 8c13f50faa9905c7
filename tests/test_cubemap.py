import cv2
import numpy as np
import py360convert
import pytest

from pano_inpaint import cubemap
from pano_inpaint.cube import Face, directions_to_faces, face_directions, face_weights
from pano_inpaint.cubemap import filter_faces, from_faces, pad_faces, padding_index, to_faces
from pano_inpaint.errors import UsageError
from pano_inpaint.sphere import rotation_matrix, window_directions

TURN = rotation_matrix(0.7, 0.4, 0.3)


def smooth(directions):
    """Low-order spherical harmonics, three channels around one half."""
    x, y, z = np.moveaxis(np.asarray(directions, float), -1, 0)
    return np.stack(
        [0.5 + 0.2 * x + 0.15 * y * z, 0.5 + 0.25 * y + 0.1 * x * z, 0.5 + 0.2 * z + 0.1 * (x * x - y * y)],
        -1,
    )


def whole(height):
    return window_directions((slice(None), 0, 2 * height), height)


def smooth_panorama(height):
    return smooth(whole(height)).astype(np.float32)


def angle_between(a, b):
    return 2 * np.arcsin(np.clip(np.linalg.norm(np.asarray(a, float) - b, axis=-1) / 2, 0, 1))


def test_faces_meet_as_the_drawing_shows():
    directions = face_directions(64).astype(float)
    centres = directions[:, 31:33, 31:33].mean(axis=(1, 2))
    expected = [[0, 0, 1], [1, 0, 0], [0, 0, -1], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]
    np.testing.assert_allclose(centres, expected, atol=1e-3)
    pixel = 2 / 64
    for one, other in [
        (directions[Face.FRONT, :, -1], directions[Face.RIGHT, :, 0]),
        (directions[Face.RIGHT, :, -1], directions[Face.BACK, :, 0]),
        (directions[Face.LEFT, :, -1], directions[Face.FRONT, :, 0]),
        (directions[Face.UP, -1], directions[Face.FRONT, 0]),
        (directions[Face.FRONT, -1], directions[Face.DOWN, 0]),
    ]:
        assert angle_between(one, other).max() < pixel


@pytest.mark.parametrize("face_size", [1, 2, 7, 64])
def test_directions_find_their_own_pixels(face_size):
    face, x, y = directions_to_faces(face_directions(face_size), face_size)
    expected = np.indices((6, face_size, face_size))
    np.testing.assert_array_equal(face, expected[0])
    np.testing.assert_allclose([y, x], expected[1:], atol=1e-3)


def test_directions_are_kept_read_only():
    assert face_directions(16) is face_directions(16)
    with pytest.raises(ValueError, match="read-only"):
        face_directions(16)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        padding_index(16, 1)[0] = 0


def test_weights_are_solid_angles():
    assert 6 * face_weights(256).sum() * 4 / 256**2 == pytest.approx(4 * np.pi, rel=1e-4)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("rotation", [None, TURN])
def test_round_trip_of_an_analytic_panorama(interpolation, rotation):
    panorama = smooth_panorama(512)
    faces = to_faces(panorama, 256, rotation=rotation, interpolation=interpolation)
    turned = face_directions(256) if rotation is None else face_directions(256) @ rotation.T
    assert np.abs(faces - smooth(turned)).mean() < 0.1 / 255
    back = from_faces(faces, 512, rotation=rotation, interpolation=interpolation)
    error = np.abs(back - panorama).max(axis=-1)
    mean = error.mean()
    assert mean < 0.1 / 255
    assert error.max() < 0.1 / 255
    directions = whole(512) if rotation is None else whole(512) @ rotation
    face, x, y = directions_to_faces(directions, 256)
    sides = np.minimum(np.minimum(x, 255 - x), np.minimum(y, 255 - y))
    for place in (sides < 1, np.maximum(np.abs(x - 127.5), np.abs(y - 127.5)) > 126):
        assert error[place].mean() < 3 * mean, "at the faces' edges"
    corners = (np.abs(x - 127.5) > 125) & (np.abs(y - 127.5) > 125)
    assert error[corners].mean() < 3 * mean
    assert error[:, [0, -1]].mean() < 3 * mean, "at the seam"
    assert error[[0, 1, -2, -1]].mean() < 3 * mean, "at the poles"


def test_bilinear_round_trip_of_noise_has_no_worse_edges():
    """A wrong neighbour at an edge would show most in a picture without any smoothness."""
    faces = np.random.default_rng(0).random((6, 64, 64, 1)).astype(np.float32)
    back = from_faces(faces, 512, interpolation="bilinear")[..., 0]
    face, x, y = directions_to_faces(whole(512), 64)
    inside = (np.abs(x - 31.5) < 31) & (np.abs(y - 31.5) < 31)
    between = ~inside
    # Mixing neighbours lowers the spread alike everywhere; a copied line would leave it higher.
    assert back[between].std() == pytest.approx(back[inside].std(), rel=0.1)
    assert back[between].mean() == pytest.approx(back[inside].mean(), rel=0.05)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_even_pictures_stay_even(interpolation, dtype):
    panorama = np.full((40, 80, 3), 200, dtype)
    faces = to_faces(panorama, 17, rotation=TURN, interpolation=interpolation)
    back = from_faces(faces, 40, rotation=TURN, interpolation=interpolation)
    assert faces.dtype == back.dtype == dtype
    np.testing.assert_allclose(faces, 200, rtol=1e-5)
    np.testing.assert_allclose(back, 200, rtol=1e-5)


def test_equivariance_under_roll():
    panorama = np.random.default_rng(0).random((64, 128, 3)).astype(np.float32)
    columns = 13
    yaw = rotation_matrix(columns * np.pi / 64, 0)
    turned = to_faces(np.roll(panorama, columns, axis=1), 32, rotation=yaw)
    np.testing.assert_allclose(turned, to_faces(panorama, 32), atol=1e-3)
    back = from_faces(turned, 64, rotation=yaw)
    np.testing.assert_allclose(back, np.roll(from_faces(turned, 64), columns, axis=1), atol=1e-3)


def test_a_quarter_turn_permutes_the_faces():
    panorama = np.random.default_rng(0).random((64, 128, 1)).astype(np.float32)
    faces = to_faces(panorama, 32)
    turned = to_faces(panorama, 32, rotation=rotation_matrix(np.pi / 2, 0))
    sides = [Face.RIGHT, Face.BACK, Face.LEFT, Face.FRONT]
    np.testing.assert_allclose(turned[:4], faces[sides], atol=1e-3)
    np.testing.assert_allclose(turned[Face.UP], np.rot90(faces[Face.UP], -1), atol=1e-3)
    np.testing.assert_allclose(turned[Face.DOWN], np.rot90(faces[Face.DOWN]), atol=1e-3)


def test_faces_of_a_turned_world():
    faces = to_faces(smooth_panorama(256), 64, rotation=TURN)
    np.testing.assert_allclose(faces, smooth(face_directions(64) @ TURN.T), atol=2e-4)


@pytest.mark.parametrize("window", [(slice(3, 20), 5, 30), (slice(0, 9), 110, 40), (slice(50, 64), -7, 128)])
@pytest.mark.parametrize("rotation", [None, TURN])
def test_a_region_equals_its_part_of_the_frame(window, rotation):
    faces = np.random.default_rng(0).integers(0, 256, (6, 20, 20, 3), np.uint8)
    frame = from_faces(faces, 64, rotation=rotation)
    rows, start, width = window
    part = from_faces(faces, 64, rotation=rotation, region=window)
    expected = frame[rows].take(range(start, start + width), 1, mode="wrap")
    assert np.abs(part.astype(int) - expected).max() <= 1


def test_grids_too_large_to_keep_give_the_same(monkeypatch):
    panorama = np.random.default_rng(0).random((32, 64, 2)).astype(np.float32)
    faces = to_faces(panorama, 16, rotation=TURN)
    frame = from_faces(faces, 32, rotation=TURN)
    monkeypatch.setattr(cubemap, "_CACHED_PIXELS", 0)
    monkeypatch.setattr(cubemap, "_CHUNK", 100)
    np.testing.assert_allclose(to_faces(panorama, 16, rotation=TURN), faces, atol=1e-4)
    np.testing.assert_allclose(from_faces(faces, 32, rotation=TURN), frame, atol=1e-4)


def test_nearest_returns_existing_values():
    panorama = np.arange(32 * 64, dtype=np.float32).reshape(32, 64)
    faces = to_faces(panorama, 16, interpolation="nearest")
    assert np.isin(faces, panorama).all()
    assert np.isin(from_faces(faces, 32, interpolation="nearest"), faces).all()


def test_any_channel_count():
    faces = np.random.default_rng(0).random((6, 8, 8, 9)).astype(np.float32)
    back = from_faces(faces, 16)
    assert back.shape == (16, 32, 9)
    np.testing.assert_allclose(back[..., 6], from_faces(faces[..., 6], 16), atol=1e-6)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_close_to_py360convert(interpolation):
    """Its corner grids are up to half a pixel off; its bicubic taps reach past its padding at the edges."""
    panorama = np.round(smooth_panorama(512) * 255).astype(np.uint8)
    faces = to_faces(panorama, 256, interpolation=interpolation)
    theirs = py360convert.e2c(panorama, 256, mode=interpolation, cube_format="list")
    assert np.quantile(np.abs(faces.astype(int) - np.stack(theirs)), 0.99) <= 2
    back = from_faces(faces, 512, interpolation=interpolation)
    theirs = py360convert.c2e(list(faces), 512, 1024, mode=interpolation, cube_format="list")
    assert np.quantile(np.abs(back.astype(int) - theirs), 0.99) <= 2


@pytest.mark.parametrize("face_size", [5, 8, 31])
def test_padding_by_one_is_the_neighbours_touching_row(face_size):
    faces = np.arange(6 * face_size**2).reshape(6, face_size, face_size)
    front, right, back, left, up, down = faces
    edges = {
        Face.FRONT: (up[-1], down[0], left[:, -1], right[:, 0]),
        Face.RIGHT: (up[::-1, -1], down[:, -1], front[:, -1], back[:, 0]),
        Face.BACK: (up[0, ::-1], down[-1, ::-1], right[:, -1], left[:, 0]),
        Face.LEFT: (up[:, 0], down[::-1, 0], back[:, -1], front[:, 0]),
        Face.UP: (back[0, ::-1], front[0], left[0], right[0, ::-1]),
        Face.DOWN: (front[-1], back[-1, ::-1], left[-1, ::-1], right[-1]),
    }
    padded = faces.ravel()[padding_index(face_size, 1)]
    np.testing.assert_array_equal(padded[:, 1:-1, 1:-1], faces)
    for face, expected in edges.items():
        ring = padded[face, 0], padded[face, -1], padded[face, :, 0], padded[face, :, -1]
        for got, wanted in zip(ring, expected, strict=True):
            np.testing.assert_array_equal(got[1:-1], wanted)
        for row, next_row in ((0, 1), (-1, -2)):
            for column, next_column in ((0, 1), (-1, -2)):
                beside = padded[face, row, next_column], padded[face, next_row, column]
                assert padded[face, row, column] in beside, "a corner continues one of the two neighbours"


@pytest.mark.parametrize(("face_size", "padding"), [(16, 1), (16, 5), (16, 16), (33, 20)])
def test_padding_continues_the_plane(face_size, padding):
    """Padding the faces of directions gives the extended plane's rays to within a pixel, corners included."""
    padded = pad_faces(face_directions(face_size), padding)
    u = (2 * np.arange(-padding, face_size + padding) + 1 - face_size) / face_size
    axes = {
        Face.FRONT: lambda u, v: (u, -v, 1),
        Face.RIGHT: lambda u, v: (1, -v, -u),
        Face.BACK: lambda u, v: (-u, -v, -1),
        Face.LEFT: lambda u, v: (-1, -v, u),
        Face.UP: lambda u, v: (u, 1, v),
        Face.DOWN: lambda u, v: (u, -1, -v),
    }
    for face, ray_of in axes.items():
        rays = np.stack(np.broadcast_arrays(*ray_of(u[None], u[:, None])), -1).astype(float)
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        # Half a pixel's diagonal where pixels are largest, at a face's centre.
        assert angle_between(padded[face], rays).max() <= np.sqrt(2) / face_size * 1.01


def test_pad_faces_follows_the_index():
    faces = np.random.default_rng(0).random((6, 9, 9, 4))
    for padding in (0, 1, 4, 9):
        expected = faces.reshape(-1, 4)[padding_index(9, padding)]
        np.testing.assert_array_equal(pad_faces(faces, padding), expected)


def test_refusals():
    with pytest.raises(UsageError, match="Received: \\(8, 8\\)"):
        to_faces(np.zeros((8, 8), np.uint8), 4)
    with pytest.raises(UsageError, match="face_size"):
        to_faces(np.zeros((8, 16), np.uint8), 0)
    with pytest.raises(UsageError, match="rotation"):
        to_faces(np.zeros((8, 16), np.uint8), 4, rotation=2 * np.eye(3))
    with pytest.raises(UsageError, match="six square faces"):
        from_faces(np.zeros((5, 4, 4)), 8)
    with pytest.raises(UsageError, match="height"):
        from_faces(np.zeros((6, 4, 4), np.uint8), 0)
    with pytest.raises(UsageError, match="padding"):
        padding_index(4, -1)


def test_a_filter_sees_across_the_edges_of_faces():
    rays = face_directions(32)
    spot = np.array([1.0, 0.1, 1.0]) / np.linalg.norm([1.0, 0.1, 1.0])  # on the edge of front and right
    faces = np.float32(rays @ spot > np.cos(0.1))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    wide = filter_faces(faces, lambda face: cv2.dilate(face, disc), 4)
    angle = np.arccos(np.clip(rays @ spot, -1, 1))
    assert wide.shape == faces.shape and set(np.unique(np.nonzero(wide)[0])) == {Face.FRONT, Face.RIGHT}
    assert wide[angle < 0.17].all() and not wide[angle > 0.4].any()
    colours = np.repeat(faces[..., None], 3, axis=-1)
    np.testing.assert_array_equal(filter_faces(colours, lambda face: face, 2), colours)
