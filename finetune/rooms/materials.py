"""Blender materials from `style.Material`. Imports bpy."""

import bpy
import numpy as np

from finetune.rooms import textures

LARGE, SMALL = 1024, 512  # pixels of floor and wall textures, and of furniture's


class Shelf:
    """Makes each material and each picture once per scene.

    Parameters
    ----------
    lamp_colour : tuple of 3 floats
        Linear RGB of lit lamps.
    """

    def __init__(self, lamp_colour):
        self.lamp_colour = lamp_colour
        self._materials, self._images = {}, {}

    def get(self, material, *, large=False, glow=0.0):
        """Return the Blender material for a `style.Material`; `glow` is the radiance of lamp bodies."""
        key = (material, large, glow)
        if key not in self._materials:
            self._materials[key] = self._build(material, large, glow)
        return self._materials[key]

    def _build(self, material, large, glow):
        made = bpy.data.materials.new("m")
        if bpy.app.version < (5, 0, 0):
            made.use_nodes = True
        tree = made.node_tree
        shader = tree.nodes["Principled BSDF"]
        _set(shader, "Base Color", _linear(material.colour))
        for name, value in (
            ("Roughness", material.roughness), ("Metallic", material.metallic), ("Coat Weight",
                material.coat),
            ("Sheen Weight", material.sheen), ("Specular IOR Level", 0.35),
        ):  # fmt: skip
            _set(shader, name, value)
        if material.texture is not None:
            self._texture(tree, shader, material, LARGE if large else SMALL)
        if material.special == "glass":
            _glass(tree)
        elif material.special in ("leaf", "shade"):
            _translucent(tree, shader, _linear(material.colour))
        elif material.special == "glow":
            _glow(tree, shader, self.lamp_colour, glow)
        return made

    def _texture(self, tree, shader, material, size):
        metres = material.texture[2]
        uv = tree.nodes.new("ShaderNodeUVMap")
        mapping = tree.nodes.new("ShaderNodeMapping")
        mapping.vector_type = "TEXTURE"
        mapping.inputs["Scale"].default_value = (metres, metres, 1.0)
        mapping.inputs["Rotation"].default_value = (0, 0, material.turn)
        tree.links.new(uv.outputs[0], mapping.inputs[0])
        colours, heights = self._pictures(material.texture, size, material.bump > 0)
        node = _image_node(tree, mapping, colours)
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        if material.bump > 0:
            relief = _image_node(tree, mapping, heights)
            bump = tree.nodes.new("ShaderNodeBump")
            bump.inputs["Distance"].default_value = material.bump
            bump.inputs["Strength"].default_value = 0.7
            tree.links.new(relief.outputs["Color"], bump.inputs["Height"])
            tree.links.new(bump.outputs[0], shader.inputs["Normal"])

    def _pictures(self, texture, size, relief):
        key = (texture, size)
        if key not in self._images:
            kind, seed, metres, options = texture
            colours, heights = textures.paint(kind, seed, size, metres, **dict(options))
            self._images[key] = (
                _image(colours, "sRGB"),
                _image(heights[..., None].repeat(3, -1), "Non-Color"),
            )
        return self._images[key]


def _set(shader, name, value):
    if name in shader.inputs:
        shader.inputs[name].default_value = value


def _linear(colour):
    colour = np.asarray(colour, float)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return (*map(float, linear), 1.0)


def _image(pixels, space):
    """Hand a picture to Blender; row 0 of the array is the bottom, as Blender has it."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("t", width, height, alpha=False)
    image.colorspace_settings.name = space
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = pixels
    image.pixels.foreach_set(rgba.ravel())
    image.update()
    return image


def _image_node(tree, mapping, image):
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.links.new(mapping.outputs[0], node.inputs[0])
    return node


def _glass(tree):
    """Make thin clear glass: a little mirror, the rest lets light straight through."""
    clear, gloss = tree.nodes.new("ShaderNodeBsdfTransparent"), tree.nodes.new("ShaderNodeBsdfGlossy")
    gloss.inputs["Roughness"].default_value = 0.05
    mix = tree.nodes.new("ShaderNodeMixShader")
    mix.inputs[0].default_value = 0.12
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(gloss.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], tree.nodes["Material Output"].inputs[0])


def _translucent(tree, shader, colour):
    """Let a third of the light through a thin sheet."""
    through, mix = tree.nodes.new("ShaderNodeBsdfTranslucent"), tree.nodes.new("ShaderNodeMixShader")
    through.inputs["Color"].default_value = colour
    mix.inputs[0].default_value = 0.35
    tree.links.new(shader.outputs[0], mix.inputs[1])
    tree.links.new(through.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], tree.nodes["Material Output"].inputs[0])


def _glow(tree, shader, colour, strength):
    """Let a lamp's body glow to the eye only; a light source beside it does the lighting."""
    emission, path = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeLightPath")
    emission.inputs["Color"].default_value = (*colour, 1.0)
    seen = tree.nodes.new("ShaderNodeMath")
    seen.operation = "MULTIPLY"
    seen.inputs[1].default_value = strength
    tree.links.new(path.outputs["Is Camera Ray"], seen.inputs[0])
    tree.links.new(seen.outputs[0], emission.inputs["Strength"])
    add = tree.nodes.new("ShaderNodeAddShader")
    tree.links.new(shader.outputs[0], add.inputs[0])
    tree.links.new(emission.outputs[0], add.inputs[1])
    tree.links.new(add.outputs[0], tree.nodes["Material Output"].inputs[0])
