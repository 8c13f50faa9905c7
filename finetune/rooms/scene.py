"""A Blender scene from a House. Imports bpy."""

import os
import tempfile
import zipfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from finetune.rooms import furniture, shell, style, views
from finetune.rooms.materials import Shelf
from finetune.rooms.quiet import quietly
from finetune.rooms.semantics import IDS
from finetune.rooms.shapes import box_projection, extent, fitted, moved

# The camera sees the outdoors this dim: the denoiser works on the room alone; `render` brings it back.
OUTDOORS = 0.01
FIRST_ITEM = 100  # pass indices below are NYU40 labels of what is built in; item n has FIRST_ITEM + n


class Scene:
    """The Blender scene of one house.

    Parameters
    ----------
    house : House
        What to build.
    view : path-like, optional
        Outdoor panorama for the windows; painted if left out.
    cache : dict, optional
        Imported catalogue meshes kept for the length of one scene.
    """

    def __init__(self, house, *, view=None):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.house, self.light = house, house.style.light
        self.shelf = Shelf(self.light.lamp_colour)
        self.items = {}
        self._imports = Imports()
        for index in range(len(house.home.rooms)):
            self._build_room(index)
        for number, _, item in house.numbered_items():
            self.items[number] = self._build_item(number, item)
        self._imports.close()
        self._daylight(view)

    def show_items(self, shown, *, camera=None, without=()):
        """Show or hide all furniture, always hiding the instances `without`.

        `camera` is (room, number) of the camera, for what only it sees.
        """
        for number, room, item in self.house.numbered_items():
            seen = shown and number not in without and (item.camera is None or (room, item.camera) == camera)
            self.items[number].hide_render = not seen

    def _build_room(self, index):
        room, look = self.house.home.rooms[index], self.house.style.rooms[index]
        slots = {"floor": look.floor, "ceiling": look.ceiling, "tile": look.tile}
        slots |= {f"wall{number}": material for number, material in enumerate(look.walls)}
        walls = [shell.wall_part(room, number, f"wall{number}") for number in range(len(room.polygon))]
        if look.tile is not None:
            layers = [
                shell.wall_part(room, number, "tile", offset=0.008, high=look.tiled_to)
                for number in range(len(room.polygon))
            ]
            walls += layers
        groups = {"wall": [part for part in walls if part], "floor": [shell.floor_part(room, "floor")]}
        groups["ceiling"] = shell.ceiling_parts(room, "ceiling")
        for fitting in self.house.fixed[index]:
            groups.setdefault(fitting.label, []).extend(fitting.parts)
        for label, parts in groups.items():
            self._mesh(label, parts, slots, IDS[label], large=True)
        self._ceiling_lamps(index)

    def _ceiling_lamps(self, index):
        look, lamps = self.house.style.rooms[index], self.house.lamps[index]
        power = self.light.lamp * look.lamp_power / max(1, len(lamps)) * self._room_factor(index)
        for lamp in lamps:
            area = np.pi * max(lamp.radius, 0.05) ** 2
            glow = 0.35 * power / (np.pi * area) if look.lamp_on else 0.0
            made = self._mesh("lamp", lamp.parts, {}, IDS["lamp"], glow=min(glow, 60.0))
            made.visible_shadow = False
            if look.lamp_on:
                self._lamp(lamp.position, lamp.radius, power, downwards=lamp.downwards)

    def _room_factor(self, index):
        low, high = (
            self.house.home.rooms[index].polygon.min(axis=0),
            self.house.home.rooms[index].polygon.max(axis=0),
        )
        return float(np.prod(high - low)) / 14.0

    def _lamp(self, position, radius, power, *, downwards=False):
        light = bpy.data.lights.new("lamp", "AREA" if downwards else "POINT")
        if downwards:
            light.shape, light.size = "DISK", 2 * radius
        else:
            light.shadow_soft_size = radius
        light.energy, light.color = power, self.light.lamp_colour
        made = _link("lamp", light)
        made.location = position
        made.visible_camera = False

    def _mesh(self, name, parts, slots, pass_index, *, large=False, glow=0.0):
        slots = {**self.house.style.slots, **slots}
        made = _link(name, _to_mesh(parts))
        made.pass_index = pass_index
        for material in sorted({part.material for part in parts}):
            spec = slots.get(material) or style.Material()
            made.data.materials.append(
                self.shelf.get(spec, large=large, glow=glow if spec.special == "glow" else 0.0)
            )
        return made

    def _build_item(self, number, item):
        if item.model is not None:
            made = self._imports.place(item)
        else:
            rng = np.random.default_rng([item.seed, 5])
            parts = furniture.KINDS[item.kind].build(rng, item.size)
            low, high = extent(parts)
            if (high - low > np.array(item.size) + 0.06).any():
                parts = fitted(parts, item.size)
            parts = moved(parts, item.position, turn=item.turn)
            slots = style.furniture_slots(self.house.style, item.seed)
            made = self._mesh(item.kind, parts, slots, FIRST_ITEM + number)
        made.pass_index = FIRST_ITEM + number
        if item.light:
            made.visible_shadow = False
            x, y, z = item.position
            self._lamp((x, y, z + item.size[2] - 0.16), 0.12, 0.18 * self.light.lamp)
        return made

    def _daylight(self, view):
        for room in self.house.home.rooms:
            for opening in room.openings:
                if opening.kind == "window":
                    self._window_light(room, opening)
        if self.light.sun > 0:
            sun = bpy.data.lights.new("sun", "SUN")
            sun.energy, sun.color, sun.angle = self.light.sun, self.light.sun_colour, 0.012
            made = _link("sun", sun)
            made.rotation_euler = (np.pi / 2 - self.light.sun_elevation, 0, self.light.sun_azimuth)
        _world(self.light, view)

    def _window_light(self, room, opening):
        start, along, inwards, _ = room.edge(opening.wall)
        middle = start + (opening.start + opening.end) / 2 * along - (0.62 * opening.depth + 0.04) * inwards
        light = bpy.data.lights.new("window", "AREA")
        light.shape, light.size, light.size_y = "RECTANGLE", opening.width, opening.top - opening.bottom
        light.energy = np.pi * self.light.sky * light.size * light.size_y
        light.color = self.light.sky_colour
        made = _link("window", light)
        made.visible_camera = False
        made.location = (*middle, (opening.bottom + opening.top) / 2)
        made.rotation_euler = Vector((*inwards, 0.0)).to_track_quat("-Z", "Y").to_euler()


def _link(name, data):
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def _to_mesh(parts):
    """Join parts to one mesh; material slots are sorted by name."""
    names = sorted({part.material for part in parts})
    mesh = bpy.data.meshes.new("mesh")
    vertices, corners, counts, uvs, slots, smooth = [], [], [], [], [], []
    first = 0
    for part in parts:
        uv = box_projection(part) if part.uv is None else part.uv
        used = part.faces >= 0
        vertices.append(part.vertices)
        corners.append(part.faces[used] + first)
        counts.append(used.sum(axis=1))
        uvs.append(uv[used])
        slots.append(np.full(len(part.faces), names.index(part.material)))
        smooth.append(np.full(len(part.faces), part.smooth))
        first += len(part.vertices)
    counts = np.concatenate(counts)
    mesh.vertices.add(first)
    mesh.vertices.foreach_set("co", np.concatenate(vertices).astype(np.float32).ravel())
    mesh.loops.add(int(counts.sum()))
    mesh.loops.foreach_set("vertex_index", np.concatenate(corners).astype(np.int32))
    mesh.polygons.add(len(counts))
    mesh.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32))
    mesh.polygons.foreach_set("material_index", np.concatenate(slots).astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.concatenate(smooth))
    layer = mesh.uv_layers.new(name="UVMap")
    layer.data.foreach_set("uv", np.concatenate(uvs).astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.validate()
    return mesh


def _world(light, view):
    """Set the outdoors: seen by the camera and in reflections, while window lights do the lighting."""
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    world.cycles.sampling_method = "NONE"
    for kind in ("diffuse", "scatter"):
        setattr(world.cycles_visibility, kind, False)
    tree = world.node_tree
    node = tree.nodes.new("ShaderNodeTexEnvironment")
    if view is not None:
        node.image = bpy.data.images.load(str(view))
    else:
        pixels = views.paint_view(light.view_seed, time=light.time)
        image = bpy.data.images.new("view", pixels.shape[1], pixels.shape[0], alpha=False, float_buffer=True)
        rgba = np.ones((*pixels.shape[:2], 4), np.float32)
        rgba[..., :3] = pixels[::-1]
        image.pixels.foreach_set(rgba.ravel())
        image.update()
        node.image = image
    background, path, dim = (
        tree.nodes["Background"],
        *map(tree.nodes.new, ("ShaderNodeLightPath", "ShaderNodeMath")),
    )
    dim.operation = "MULTIPLY_ADD"
    dim.inputs[1].default_value, dim.inputs[2].default_value = OUTDOORS - 1, 1.0
    tree.links.new(path.outputs["Is Camera Ray"], dim.inputs[0])
    tree.links.new(dim.outputs[0], background.inputs["Strength"])
    tree.links.new(node.outputs[0], background.inputs["Color"])


class Imports:
    """Imports catalogue models, each file once; further pieces share its mesh."""

    def __init__(self):
        self._meshes = {}
        self._folders = {}

    def place(self, item):
        """Import an item's model, scale it to its size, and put it in its place."""
        key = (item.model.source, item.model.file)
        if key not in self._meshes:
            self._meshes[key] = self._load(item.model)
        mesh = self._meshes[key]
        made = _link(item.kind, mesh)
        x, y, z = item.position
        made.matrix_world = Matrix.Translation((x, y, z)) @ Matrix.Rotation(item.turn, 4, "Z")
        return made

    def close(self):
        """Delete what was unpacked."""
        for folder in self._folders.values():
            folder.cleanup()

    def _load(self, model):
        file = self._file(model)
        importer = bpy.ops.wm.obj_import if file.suffix == ".obj" else bpy.ops.import_scene.gltf
        known = set(bpy.data.images)
        quietly(lambda: importer(filepath=str(file)))
        for image in set(bpy.data.images) - known:
            if Path(bpy.path.abspath(image.filepath)).is_file():
                image.pack()
            elif not image.packed_file:
                _drop_image(image)
        chosen = [made for made in bpy.context.selected_objects if made.type == "MESH"]
        mesh = _joined(chosen)
        for made in list(bpy.context.selected_objects):
            bpy.data.objects.remove(made)
        if model.rotation is not None:
            # The catalogue turns models about y-up axes; Blender's importer has made that z-up.
            swap = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
            turn = swap @ np.array(model.rotation).reshape(3, 3) @ swap.T
            mesh.transform(Matrix(turn.tolist()).to_4x4())
        _fit(mesh, model.size)
        return mesh

    def _file(self, model):
        source = Path(model.source)
        if source.is_dir():
            return source / model.file
        if model.source not in self._folders:
            self._folders[model.source] = tempfile.TemporaryDirectory(prefix="rooms-")
        folder = Path(self._folders[model.source].name)
        with zipfile.ZipFile(source) as archive:
            prefix = os.path.dirname(model.file) + "/"  # noqa: PTH120 -- a path inside the zip
            for name in archive.namelist():
                inside = (folder / name).resolve()
                if (
                    name.startswith(prefix)
                    and inside.is_relative_to(folder.resolve())
                    and not name.endswith("/")
                ):
                    archive.extract(name, folder)
        return folder / model.file


def _drop_image(image):
    """Take a picture whose file is missing out of all materials, which leaves them their plain colour."""
    for material in bpy.data.materials:
        nodes = material.node_tree.nodes if material.node_tree else []
        for node in [node for node in nodes if getattr(node, "image", None) == image]:
            nodes.remove(node)
    bpy.data.images.remove(image)


def _joined(objects):
    """Join objects to one mesh in world coordinates, materials kept."""
    with bpy.context.temp_override(
        active_object=objects[0], selected_editable_objects=objects, object=objects[0]
    ):
        for made in objects:
            made.data = made.data.copy()
            made.data.transform(made.matrix_world)
            made.matrix_world = Matrix.Identity(4)
            made.parent = None
            made.matrix_world = Matrix.Identity(4)
        if len(objects) > 1:
            bpy.ops.object.join()
    return objects[0].data.copy()


def _fit(mesh, size):
    """Scale a mesh to fill its size, standing on the origin."""
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    points = points.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]) * (
        np.array(size) / np.maximum(high - low, 1e-6)
    )
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.update()
