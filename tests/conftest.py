"""What all tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    """A preset with random weights: width 1/16, faces of 32 pixels, with its inference form."""
    from pano_inpaint.models.completion import CompletionConfig, build_completion_network
    from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
    from pano_inpaint.models.export import write_inference_form
    from pano_inpaint.models.presets import find_preset, write_preset

    completion, discriminator = CompletionConfig(width=1 / 16), DiscriminatorConfig(32, 16, width=1 / 32)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    config = {
        "stage": "test",
        "face_size": 32,
        "completion": completion.to_dict(),
        "discriminator": discriminator.to_dict(),
    }
    write_preset(
        folder,
        config,
        completion=build_completion_network(completion),
        discriminator=build_discriminator(discriminator),
    )
    write_inference_form(find_preset(folder))
    return find_preset(folder)


@pytest.fixture(scope="session")
def knowing_preset(tmp_path_factory):
    """A preset that is told directions and tells layout and shadows, with its inference form."""
    from served import KNOWING, write_tiny_preset

    from pano_inpaint.models.export import write_inference_form

    preset = write_tiny_preset(tmp_path_factory.mktemp("knowing"), **KNOWING)
    write_inference_form(preset)
    return preset
