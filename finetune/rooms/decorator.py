"""Choosing pieces of furniture and finding them a place; the programmes of rooms are in `furnish`."""

from finetune.rooms.catalogue import label_of
from finetune.rooms.furniture import KINDS, draw_size
from finetune.rooms.placement import Item, against_wall, on_top

ON_TABLES = ["books", "vase", "bowl", "cups", "small_plant", "table_lamp", "laptop", "surface_thing"]


class Decorator:
    """Fills rooms.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    catalogue : Catalogue
        Models to choose from besides procedural furniture.
    fullness : float
        0 is sparse, 1 crowded.
    """

    def __init__(self, rng, catalogue, fullness):
        self.rng, self.catalogue, self.fullness = rng, catalogue, fullness

    def chance(self, probability):
        """Toss a coin that a fuller home wins more often."""
        return bool(self.rng.random() < probability * (0.6 + 0.8 * self.fullness))

    def item(self, kind, **scale):
        """Draw an item: from the catalogue about as often as procedural, where it has the kind."""
        models = self.catalogue.of_kind(kind)
        seed = int(self.rng.integers(1 << 31))
        if models and (kind not in KINDS or self.rng.random() < min(0.65, 0.25 + 0.12 * len(models))):
            model = models[int(self.rng.integers(len(models)))]
            label = KINDS[kind].label if kind in KINDS else label_of(kind)
            return Item(kind, label, model.size, seed=seed, model=model)
        if kind not in KINDS:
            return None
        size = draw_size(self.rng, kind)
        size = tuple(
            scale.get(axis, value) for axis, value in zip(("width", "depth", "height"), size, strict=True)
        )
        return Item(kind, KINDS[kind].label, size, seed=seed)

    def twin(self, item):
        """Make a second piece of the same make."""
        return Item(item.kind, item.label, item.size, seed=item.seed, model=item.model)

    def wall(self, space, kind, *, tries=24, **options):
        """Stand an item of a kind against a wall if there is room; try once more with a new size."""
        scale = {key: options.pop(key) for key in ("width", "depth", "height") if key in options}
        for _ in range(3):
            item = self.item(kind, **scale)
            if item and against_wall(self.rng, space, item, tries=tries, **options):
                return item
        return None

    def clutter(self, space, other, *, most=3, kinds=None):
        """Put a few small things on a piece of furniture."""
        height = other.model.surface if other.model is not None else None
        if other.model is not None and not height:
            return
        for _ in range(int(self.rng.integers(0, most + 1))):
            item = self.item(str(self.rng.choice(kinds or ON_TABLES)))
            if item and item.size[2] < 0.7:
                on_top(self.rng, space, item, other, height=height, spread=0.85)
