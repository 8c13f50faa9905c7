"""Starting the studio from the command line: the network, the port, the browser."""

import threading
import webbrowser
from functools import cache

from pano_inpaint.completer import load_completer
from pano_inpaint.eraser import QUALITIES, Eraser
from pano_inpaint.errors import UsageError
from pano_inpaint.models.presets import find_preset
from viewers.served_models import build_completion_servable, build_panorama_servable
from viewers.server import serve

from .app import build_studio, choose_port, remember_port


def run_studio(
    source,
    *,
    preset="indoor",
    quality="standard",
    backend=None,
    out=None,
    host="127.0.0.1",
    port=0,
    open_page=True,
    announce=lambda _url: None,
):
    """Serve a studio until it is interrupted.

    Parameters
    ----------
    source : str or Path
        What `read_tour` reads.
    preset : str or Path
        Name or folder of the network.
    quality : str
        What the page offers first.
    backend : str, optional
        Address of a TensorFlow Serving that runs the network instead.
    out : str or Path, optional
        Folder for results and work.
    host : str
    port : int
        0 takes that of the last time if it is free, or any.
    open_page : bool
        Whether the page is shown in the user's browser.
    announce : callable
        Told the address once it can be reached.

    Raises
    ------
    PanoInpaintError
        If there is no tour, preset or backend, or the address cannot be listened on.
    """
    if quality not in QUALITIES:
        raise UsageError(f"expected a quality of {', '.join(QUALITIES)}, received {quality!r}")
    found = find_preset(preset)
    servables = [build_completion_servable(found), build_panorama_servable(found)]
    make_eraser = build_eraser_maker(found, backend)
    app = build_studio(source, make_eraser, out=out, servables=servables, quality=quality, host=host)

    def tell(url):
        remember_port(app.state.studio_folder, url)
        announce(url)
        if open_page:  # a browser of the terminal does not return before it is left
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    serve(app, host=host, port=port or choose_port(app.state.studio_folder), announce=tell)


def build_eraser_maker(preset, backend=None):
    """Return what `Tasks` makes its erasers with; the network is loaded at the first erasing.

    Parameters
    ----------
    preset : Preset
    backend : str, optional
        Address of a TensorFlow Serving; asked at once, so that a wrong one is told at the start.

    Returns
    -------
    callable
    """
    if backend is None:
        load = cache(lambda: load_completer(preset))
    else:
        from pano_inpaint.backend import RemoteCompleter

        remote = RemoteCompleter(backend)

        def load():
            return remote

    def make(quality, seed, check):
        return Eraser(_Checked(load(), check), quality=quality, seed=seed)

    return make


class _Checked:
    """A completer that stops before and after its work once that is not wanted any more."""

    def __init__(self, complete, check):
        self._complete, self._check = complete, check
        self.face_size = complete.face_size

    def __call__(self, faces, mask, rotation):
        self._check()
        completion = self._complete(faces, mask, rotation)
        self._check()
        return completion
