"""The SavedModel, loaded by TensorFlow and called by its signatures."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from served import FACE, KNOWING, ask, b64, from_b64, hole, picture, png, running, write_tiny_preset

from pano_inpaint.cube import face_directions
from pano_inpaint.errors import UsageError
from pano_inpaint.metadata import Metadata
from pano_inpaint.models.presets import build_completion
from pano_inpaint.models.serving_export import WARMUP, models_config, prediction_log, write_serving_export
from pano_inpaint.panorama import read_mask
from pano_inpaint.png import decode_png, encode_png
from pano_inpaint.shadows import unpack_shadows
from viewers.server import build_model_app


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    return write_tiny_preset(tmp_path_factory.mktemp("preset"))


@pytest.fixture(scope="module")
def folder(preset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "new"
    assert write_serving_export(preset, folder) == folder / "completion" / "1"
    return folder


@pytest.fixture(scope="module")
def loaded(folder):
    return tf.saved_model.load(str(folder / "completion" / "1"))


@pytest.fixture(scope="module")
def signatures(loaded):
    return loaded.signatures


def strings(*values):
    return tf.constant(list(values))


def test_answers_as_the_server_does(preset, signatures):
    pixels, mask = picture(37, 50), hole(37, 50)
    pictures, masks = strings(png(pixels), png(pixels[:20])), strings(png(mask), png(mask[:20]))
    small, large = signatures["serving_default"](image_bytes=pictures, mask_bytes=masks)["completed_bytes"]
    assert Image.open(io.BytesIO(large.numpy())).size == (50, 20)
    row = {"image_bytes": b64(png(pixels)), "mask_bytes": b64(png(mask))}
    with running(build_model_app(preset.folder)) as url:
        _, answer = ask(f"{url}/v1/models/completion:predict", {"instances": [row]})
        _, described = ask(f"{url}/v1/models/completion/metadata")
    by_rest = from_b64(answer["predictions"][0])
    np.testing.assert_array_equal(by_rest, from_b64(b64(small.numpy())))
    np.testing.assert_array_equal(by_rest[mask == 0], pixels[mask == 0])
    check_description(signatures, described["metadata"]["signature_def"]["signature_def"])


def check_description(signatures, described):
    """The server's metadata are those of the SavedModel."""
    assert described.keys() == signatures.keys()
    for name, signature in signatures.items():
        specs = {"inputs": signature.structured_input_signature[1], "outputs": signature.structured_outputs}
        for side, tensors in specs.items():
            expected = {key: [-1 if n is None else n for n in spec.shape] for key, spec in tensors.items()}
            shapes = {
                key: [int(dim["size"]) for dim in tensor["tensor_shape"]["dim"]]
                for key, tensor in described[name][side].items()
            }
            if name == "floats" and side == "outputs":
                assert shapes.keys() == expected.keys()
            else:
                assert shapes == expected


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (32, 32), (130, 37)])
def test_any_size(signatures, size):
    values = np.random.default_rng(1).random((2, *size, 3), np.float32)
    mask = np.zeros((2, *size, 1), np.float32)
    mask[:, : size[0] // 2 + 1, : size[1] // 2 + 1] = 1
    completed = signatures["floats"](picture=tf.constant(values), mask=tf.constant(mask))["completed"]
    known = mask[..., 0] == 0
    np.testing.assert_array_equal(completed.numpy()[known], values[known])
    assert np.isfinite(completed).all()


def test_faces_are_the_cube_networks(preset, signatures):
    faces = np.random.default_rng(2).random((6, FACE, FACE, 3), np.float32)
    mask = np.zeros((6, FACE, FACE, 1), np.float32)
    mask[:2, 10:20, 20:] = 1
    expected = build_completion(preset, padding="cube")([faces, mask], training=False)
    completed = signatures["faces"](picture=tf.constant(faces), mask=tf.constant(mask))["completed"]
    np.testing.assert_allclose(completed, expected, atol=1e-5)
    strip = encode_png(np.rint(faces * 65535).astype(np.uint16).reshape(-1, FACE, 3), Metadata())
    marked = png((mask * 255).astype(np.uint8).reshape(-1, FACE))
    answer = signatures["faces_bytes"](image_bytes=strings(strip), mask_bytes=strings(marked))
    pixels = decode_png(answer["completed_bytes"].numpy()[0]).pixels.reshape(faces.shape) / 65535
    assert np.abs(pixels - np.clip(expected, 0, 1)).max() < 1e-3


def test_a_network_that_tells_shadows_also_answers_for_finer_faces(tmp_path):
    preset = write_tiny_preset(tmp_path / "preset", **KNOWING)
    written = write_serving_export(preset, tmp_path / "served")
    signatures = tf.saved_model.load(str(written)).signatures
    with running(build_model_app(preset.folder)) as url:
        _, described = ask(f"{url}/v1/models/completion/metadata")
    check_description(signatures, described["metadata"]["signature_def"]["signature_def"])
    assert warmed_up(written, signatures) == {
        "serving_default", "floats", "faces_bytes", "finer_faces_bytes"
    }  # fmt: skip
    side, rotation = 2 * FACE, np.eye(3, dtype=np.float32)
    faces = np.random.default_rng(2).random((6, side, side, 3), np.float32)
    mask = np.zeros((6, side, side, 1), np.float32)
    mask[:2, 20:40, 40:] = 1
    network = build_completion(preset, padding="cube", size=side)
    expected = network([faces, mask, face_directions(side)], training=False)[2]
    strip = encode_png(np.rint(faces * 65535).astype(np.uint16).reshape(-1, side, 3), Metadata())
    marked = png((mask * 255).astype(np.uint8).reshape(-1, side))
    answer = signatures["finer_faces_bytes"](
        image_bytes=strings(strip), mask_bytes=strings(marked), rotation=tf.constant(rotation[None])
    )
    told = unpack_shadows(decode_png(answer["shadows_bytes"].numpy()[0]).pixels).reshape(faces.shape)
    assert np.ptp(told) > 0.05
    np.testing.assert_allclose(told, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ["gray", "colour", "alpha drawn", "alpha full", "both", "gray alpha"])
def test_masks_are_read_as_everywhere(signatures, tmp_path, kind):
    values = np.random.default_rng(3).integers(0, 256, (16, 32, 4)).astype(np.uint8)
    if kind == "alpha drawn":
        values[..., :3] = 0
    if kind == "alpha full":
        values[..., 3] = 255
    channels = {"gray": slice(0, 1), "colour": slice(0, 3), "gray alpha": slice(2, 4)}.get(kind, slice(0, 4))
    mask = encode_png(values[..., channels], Metadata())
    (tmp_path / "mask.png").write_bytes(mask)
    pixels = np.zeros((16, 32, 3), np.uint8)
    answer = signatures["serving_default"](image_bytes=strings(png(pixels)), mask_bytes=strings(mask))
    completed = from_b64(b64(answer["completed_bytes"].numpy()[0]))
    like = type("", (), {"size": (32, 16), "known": np.ones((16, 32), bool), "is_partial": False})
    marked = read_mask(tmp_path / "mask.png", like=type("Frame", (like,), {"placement": None}))
    assert not completed[~marked].any()
    black = np.zeros((1, 16, 32, 3), np.float32)
    hole = marked[None, ..., None].astype(np.float32)
    direct = signatures["floats"](picture=tf.constant(black), mask=tf.constant(hole))["completed"][0]
    np.testing.assert_array_equal(completed, np.rint(direct.numpy() * 255))


def test_what_does_not_fit_is_an_invalid_argument(signatures):
    """TensorFlow Serving makes 400 of it."""
    good, mask = png(picture(16, 32)), png(hole(16, 32))
    for image, marked, message in (
        (b"no picture", mask, "Unknown image file format"),
        (good, png(hole(8, 32)), "expected a mask of the picture"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            signatures["serving_default"](image_bytes=strings(image), mask_bytes=strings(marked))


def field(data):
    """Split a protobuf message into (number, content), length-delimited fields only."""
    fields, position = [], 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(data):
        key, length = varint(), varint()
        assert key & 7 == 2
        fields.append((key >> 3, data[position : position + length]))
        position += length
    assert position == len(data)
    return fields


def test_warmup_requests_run(folder, signatures):
    names = warmed_up(folder / "completion" / "1", signatures)
    assert names == {"serving_default", "floats", "faces_bytes"}


def warmed_up(version, signatures):
    """Run the warm-up requests of a version; return the names of their signatures."""
    names = set()
    for record in tf.data.TFRecordDataset(str(version / WARMUP)):
        [(number, log)] = field(record.numpy())
        [(inner, request)] = field(log)
        (first, spec), *inputs = field(request)
        assert (number, inner, first) == (6, 1, 1)
        assert field(spec)[0] == (1, b"completion")
        name = field(spec)[1][1].decode()
        tensors = {}
        for part, entry in inputs:
            (_, key), (_, value) = field(entry)
            assert part == 2
            dtype = tf.string if key.endswith(b"_bytes") else tf.float32
            tensors[key.decode()] = tf.io.parse_tensor(value, dtype)
        assert signatures[name](**tensors)
        names.add(name)
    return names


def test_long_fields_of_a_request():
    data = prediction_log("serving_default", {"image_bytes": [b"x" * 300]})
    assert field(field(field(data)[0][1])[0][1])[1][0] == 2


def test_versions_count_up(preset, folder):
    with pytest.raises(UsageError, match="exists"):
        write_serving_export(preset, folder, version=1)
    assert write_serving_export(preset, folder, served_from="/models").name == "2"
    assert 'base_path: "/models/completion"' in (folder / "models.config").read_text()
    assert sorted(path.name for path in (folder / "completion").iterdir()) == ["1", "2"]
    assert not list(folder.rglob(".part*"))


def test_impossible_exports_are_refused(preset, tmp_path):
    with pytest.raises(UsageError, match="at least 1, received 0"):
        write_serving_export(preset, tmp_path, version=0)
    with pytest.raises(UsageError, match="absolute path"):
        write_serving_export(preset, tmp_path, served_from="models")
    assert not list(tmp_path.iterdir())


def test_models_config_quotes_paths():
    assert 'base_path: "/a \\"b\\"/c"' in models_config('/a "b"/c')
