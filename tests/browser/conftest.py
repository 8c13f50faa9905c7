"""A real Chromium for the pages, opened from `file://` as a client opens them."""

import os

import pytest
from headless import ARGUMENTS, find_chromium
from PIL import Image
from scenery import panorama_rays, sphere_colours


@pytest.fixture(scope="session")
def chromium():
    executable = find_chromium()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium found; install one or set CHROMIUM")
        pytest.skip("no Chromium found; install one or set CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium):
    """Return a function that opens a tab; at the end no tab may have complained."""
    contexts, complaints = [], []

    def open_(**options):
        options = {"viewport": {"width": 480, "height": 320}, "device_scale_factor": 1} | options
        context = chromium.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(20_000)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        return tab

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def show(open_tab):
    """Return a function that opens a written page and waits until its first scene stands.

    A `script` runs before the page's own.
    """

    def show_(path, *, reduced_motion="reduce", script="", **options):
        tab = open_tab(reduced_motion=reduced_motion, **options)
        tab.add_init_script(script)
        tab.goto(path.resolve().as_uri())
        tab.wait_for_selector("html:is([data-state=ready], [data-state=error])", state="attached")
        assert tab.locator("#message").inner_text() == ""
        return tab

    return show_


@pytest.fixture
def smooth_panorama(tmp_path):
    path = tmp_path / "smooth.png"
    Image.fromarray(sphere_colours(panorama_rays(512, 256))).save(path)
    return path
