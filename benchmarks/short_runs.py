"""What benchmarks of short trainings share: pictures held out, one compiled step, scores that are kept."""

import json
from collections import deque
from dataclasses import replace
from functools import partial

import cv2
import tensorflow as tf

from finetune.validation import load_evaluators, score_network
from pano_inpaint import console
from pano_inpaint.data import panorama_dataset
from pano_inpaint.errors import UsageError
from pano_inpaint.files import replacing
from pano_inpaint.pano_sets import find_panoramas, split_scenes
from pano_inpaint.photos import find_photos, hash_fraction
from pretrain.settings import PretrainSettings

SIZE = 64  # pixels of a face
TABLE = "folded"
WIDTH = 0.25
HOLE_SEEDS = (0, 1)  # each validation panorama is scored with one hole of each
RECENT = 50  # steps of a discriminator's mean loss
HELD_OUT = {"homes": 0.25, "real": 0.4}  # of the scenes


class Judge:
    """Scores completion networks on the same holes in the same panoramas.

    Parameters
    ----------
    validation : dict of sequence of PanoItem
        Sets of panoramas by name.
    """

    def __init__(self, validation):
        self._sets = {
            name: [
                batch
                for seed in HOLE_SEEDS
                for batch in panorama_dataset(
                    items, seed=seed, face_size=SIZE, local_size=SIZE // 2, training=False
                ).as_numpy_iterator()
            ]
            for name, items in validation.items()
        }
        self._evaluators, notes = load_evaluators()
        for note in notes:
            console.errors.print(note, markup=False)

    def score(self, network):
        """Return a network's scores, ``<set>_<score>``."""
        return {
            f"{place}_{key}": value
            for place, batches in self._sets.items()
            for key, value in score_network(network, batches, self._evaluators).items()
        }


class Learner:
    """Networks and optimizers of a job, and the compiled steps that move them.

    Parameters
    ----------
    job : Job
        See `models.trainer`.
    """

    def __init__(self, job):
        self.gan = job.build(1)
        self.discriminator_loss = None
        self._steps = {}
        self._optimizer = [variable.numpy() for variable in self.gan.completion_optimizer.variables]

    def start(self, weights):
        """Take given weights, also as their own average, and a fresh optimizer."""
        self.gan.completion.set_weights(weights)
        for variable, value in zip(self.gan.completion_optimizer.variables, self._optimizer, strict=True):
            variable.assign(value)
        for variable, value in zip(self.gan.average, weights, strict=True):
            variable.assign(value)

    def groups(self, batches):
        """Group batches by steps: as many as gradients are accumulated over."""
        return zip(*[iter(batches)] * self.gan.settings.gradient_accumulation_steps, strict=False)

    def learn(self, groups, target=None):
        """Take a step by each group of batches, and return how many pictures they had.

        The target is one of `CompletionGAN.step`, by reconstruction alone if left out; of a
        discriminator's loss the mean over the last `RECENT` steps is kept.
        """
        if target not in self._steps:
            step = self.gan.reconstruct if target is None else partial(self.gan.step, target)
            self._steps[target] = tf.function(step)
        pictures, recent = 0, deque(maxlen=RECENT)
        for group in groups:
            losses = self._steps[target](*group)
            pictures += sum(len(batch["mask"]) for batch in group)
            if target is not None:
                recent.append(float(losses["discriminator"]))
                self.discriminator_loss = sum(recent) / len(recent)
        return pictures

    def averaged(self):
        """Return the completion network with its averaged weights."""
        self.gan.completion.set_weights(self.gan.averaged_weights())
        return self.gan.completion


def keep(row, file):
    """Write a run's scores as JSON."""
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(row, indent=1) + "\n")


def read_kept(folder):
    """Read all scores of a folder."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def photo_settings(**changes):
    """Return the settings of pretraining a small network, with some changed."""
    settings = PretrainSettings(
        size=SIZE,
        local_size=SIZE // 2,
        width=WIDTH,
        discriminator_width=1 / 16,
        table=TABLE,
        hole_fill="prior",
        hole_low=SIZE // 5,
        hole_high=SIZE // 2,
        discriminator_steps=0,
        joint_steps=0,
        reconstruction="l1",
        learning_rate=1e-3,
        ema_decay=0.99,
    )
    return replace(settings, **changes)


def find_pictures(photos, views):
    """Find what to pretrain on, photographs and views into panoramas, and what to show of it."""
    found = find_photos(photos)
    return [*found.train, *found.val, *views], list(found.val) or list(views)


def divide(homes, real, out):
    """Divide scenes into training and validation once; homes rendered later only train.

    Returns
    -------
    order : callable
        Seed to the training pairs in their order, home by home.
    validation : dict of list of PanoItem
        Pairs of held-out ``homes``, and ``real`` panoramas.
    views : sequence of PanoItem
        Real panoramas for pretraining.
    """
    pairs = [
        item for item in find_panoramas(homes, min_width=4 * SIZE).items if item.empty and item.object_mask
    ]
    views, held_real = split_scenes(find_panoramas(real), HELD_OUT["real"])
    file = out / "homes.json"
    kept = json.loads(file.read_text()) if file.exists() else {"validation": [], "training": []}
    if not kept["validation"]:
        kept["validation"] = sorted({item.scene for item in split_scenes(pairs, HELD_OUT["homes"])[1]})
    seen = {*kept["validation"], *(scene for batch in kept["training"] for scene in batch)}
    if new := sorted({item.scene for item in pairs} - seen):
        kept["training"].append(new)
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(kept, indent=1) + "\n")
    with console.progress_bar("shrinking", len(pairs), unit="pairs") as advance:
        small = {}
        for done, item in enumerate(pairs, start=1):
            small.setdefault(item.scene, []).append(_shrunk(item, out / "small"))
            advance(done)

    def order(seed):
        batches = (
            sorted(batch, key=lambda scene: hash_fraction(scene, seed=seed)) for batch in kept["training"]
        )
        return [item for batch in batches for scene in batch for item in small.get(scene, ())]

    held_homes = [item for scene in kept["validation"] for item in small.get(scene, ())]
    if not order(0) or not held_homes:
        raise UsageError(f"expected pairs of at least two homes in {homes}, got {len(pairs)} pairs")
    return order, {"homes": held_homes, "real": held_real}, views


def _shrunk(item, folder):
    """Copy a pair at the size it is trained at, so that each run need not decode the large one."""
    folder = folder / item.name
    full, empty, objects = (folder / f"{part}.png" for part in ("full", "empty", "instance"))
    size = (4 * SIZE, 2 * SIZE)
    for source, copy, how in (
        (item.paths[0], full, cv2.INTER_AREA),
        (item.empty, empty, cv2.INTER_AREA),
        (item.object_mask[0], objects, cv2.INTER_NEAREST_EXACT),
    ):
        if not copy.exists():
            with replacing(copy) as temporary:
                stored = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
                cv2.imwrite(str(temporary), cv2.resize(stored, size, interpolation=how))
    return replace(item, paths=(full,), empty=empty, object_mask=(objects,))
