"""Rooms: a renderer of furnished and empty 360° room tours with exact truth.

Only `worker`, `scene`, `materials` and `render` need Blender; they run in processes of their own.
"""


def __getattr__(name):
    if name == "render_homes":
        from finetune.rooms.homes import render_homes

        return render_homes
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
