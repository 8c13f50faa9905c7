"""Light and texture apart: what is smooth in log intensity is light, and passes holes by itself."""

import cv2
import numpy as np

DARKEST = 1 / 255  # log intensity ends here
SHADOW = 0.06  # log intensity: what is darker than this against the surface near a hole lies in a shadow
_GRID = 6  # the light is worked out on a grid where its width sigma measures so many points
_FEWEST = 20  # points that a quadratic surface is fitted to
_OWN = 0.25  # share of a wall's row that is enough to judge it by that wall alone
_FEW = 0.05  # the same if the row is of one look there, and elsewhere not
_OUTLIER = 0.2  # log intensity from the surface's own light: a spot of other material, not light

_SHADE_COLOUR = 0.15  # log ratio of channels that a shadow changes, at a depth of a half
_COLOUR = 0.1  # log ratio of channels: another material, not another light
_BRIGHTNESS = 0.7  # log intensity off a quadratic surface: the same
_REACH = 1.5  # widths around a hole within which what is darker than the surface counts little
_SHADED = 0.1  # what that little is
_TOLD = 0.1  # weight of what a hole is told to look like; measured: with 0.3, patterned walls lose
_DOUBT = 0.1  # weight of knowing nothing against that of all around a point being known
_STRANGE = 0.1  # log intensity beyond what most of a surface differs by: looks nothing like it
_GRAIN = 0.016  # log intensity: paint varies no more
_SEEN = (0.27, 0.25)  # share of a furnished wall that is plain if it is paint, of all and around the hole
_SEEN_WHOLE = (0.18, 0.15)  # the same if no small things break it, as flowers do a wallpaper
_GAPS = 3  # widths: things that break it are no larger
_BROKEN = 0.12  # share of them
_SEEN_GRAIN = 0.021  # log intensity: by how much that share varies, if it is paint
_SEEN_OWN = (0.55, 0.25)  # the same shares if things that stand before it are left out
_STEP = 0.06  # log intensity: where a wall's rows change by more at once, a layer ends
_ALIKE = 0.12  # log intensity: a row of a wall varies no more, unless things stand before it
_PLAIN = 0.6  # a surface of which less than this is plain is patterned: all of it counts


def estimate_light(picture, known, sigma, *, hole=None, told=None):
    """Estimate the light on an evenly coloured surface, continued through what is not known.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, 3)
        A surface looked at straight, in [0, 1].
    known : ndarray of bool, shape (H, W)
        Where it is seen.
    sigma : float
        Width of the Gaussian that light is smoother than, in pixels.
    hole : ndarray of bool, shape (H, W), optional
        What is to be completed. What is darker around it than the surface further out is the shadow of what
        stood there, and hardly counts.
    told : ndarray of float32, shape (H, W, 3), optional
        What the hole should look like from far, in [0, 1]; only with `hole`. Its light is believed a little.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Log intensity of the light times the surface's mean colour; smooth.
    """
    step = max(1, int(sigma / _GRID))
    weight = known.astype(np.float32)
    if told is not None:
        bare = hole & ~known
        picture = np.where(bare[..., None], told, picture)
        weight += _TOLD * bare
    logs = np.log(np.maximum(picture, DARKEST)) * weight[..., None]
    size = (-(-picture.shape[1] // step), -(-picture.shape[0] // step))
    small = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    logs = cv2.resize(logs, size, interpolation=cv2.INTER_AREA) / np.maximum(small, 1e-6)[..., None]
    width = sigma / step
    # Without things of other material, which would be taken for light.
    same = small * _same_material(logs, small)
    small = same if np.count_nonzero(same) > _PLAIN * np.count_nonzero(small) else small
    light = _quadratic(logs, small)
    near = None
    if hole is not None:
        inside = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        near = cv2.dilate((inside > 0).astype(np.uint8), _disc(_REACH * width)).astype(bool)
        near &= (inside < 0.5) | (told is None)  # what the hole is told to be lies in no shadow
    for spread in (4 * width, 2 * width, width):
        away = logs - light
        trust = small * (np.abs(away).mean(axis=2) < _OUTLIER)
        if np.count_nonzero(trust) < _PLAIN * np.count_nonzero(small):
            trust = small
        if near is not None:
            shadow = near & (away.mean(axis=2) < -SHADOW)
            trust = np.where(shadow, _SHADED * trust, trust)
        light = light + _shrunk_mean(away, trust, spread)
    return cv2.resize(light.astype(np.float32), picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _shrunk_mean(values, weight, width):
    """Gaussian mean of what is known, nearer to zero the less of it is known."""
    share = cv2.GaussianBlur(weight.astype(np.float32), (0, 0), width)
    mean = cv2.GaussianBlur((values * weight[..., None]).astype(np.float32), (0, 0), width)
    return mean / (share + _DOUBT)[..., None]


def _quadratic(logs, weight):
    """Fit a quadratic surface to the least absolute residuals, within the range of its better part.

    The fit is held towards a plane a little, for it is asked far from what is known.
    """
    known = weight > 0
    if np.count_nonzero(known) < _FEWEST:
        return np.broadcast_to(np.median(logs[known], axis=0) if known.any() else 0.0, logs.shape)
    fitted = _fitted(logs, weight, ridge=1e-3)
    low, high = np.percentile(fitted[known], [2, 98], axis=0)
    return np.clip(fitted, low, high)


def _fitted(logs, weight, *, ridge=0.0):
    height, width = weight.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    known = weight > 0
    seen, values, weights = terms[known], logs[known].astype(np.float64), weight[known].astype(np.float64)
    trust = weights
    for _ in range(8):
        weighted = seen * trust[:, None]
        held = ridge * trust.sum() * np.diag([0, 0.3, 0.3, 1, 1, 1])
        model = np.linalg.lstsq(weighted.T @ seen + held, weighted.T @ values, rcond=None)[0]
        trust = weights / np.maximum(np.abs(values - seen @ model).mean(axis=1), 0.02)
    return terms @ model


def _same_material(logs, weight):
    """Find points whose colour, or brightness by far, is that of most of the surface.

    Measured against a quadratic surface through the logs, fitted to the least absolute residuals.
    """
    away = logs - _fitted(logs, (weight > 0).astype(float))
    brightness = away.mean(axis=2)
    colour = np.abs(away - brightness[..., None]).max(axis=2)
    return (weight > 0) & (colour < _COLOUR) & (np.abs(brightness) < _BRIGHTNESS)


def _filled(logs, weight, width):
    """Gaussian mean of what is known."""
    share = cv2.GaussianBlur(weight, (0, 0), width)
    mean = cv2.GaussianBlur(logs * weight[..., None], (0, 0), width)
    return mean / np.maximum(share, 1e-6)[..., None]


def _disc(radius):
    side = 2 * int(np.ceil(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def typical_colours(even, known, *, layered=False, first=None):
    """Tell what most of an evenly lit surface looks like.

    Parameters
    ----------
    even : ndarray of float32, shape (H, W, C)
    known : ndarray of bool, shape (H, W)
        At least one pixel.
    layered : bool
        Whether each row has a look of its own, as a wall's skirting and cornice have.
    first : int, optional
        Columns of the surface itself; those after them, of others like it, count only in rows of which it
        shows less than a quarter.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Median of what is known: of the same row if layered, else of all. Rows that vary more than others do,
        as where furniture stands before a wall, take after the rows next to them.
    """
    if not layered:
        median = np.median(even[known][:: max(1, known.sum() // 20_000)], axis=0)
        return np.broadcast_to(np.maximum(median, DARKEST), even.shape)
    rows = np.flatnonzero(known.any(axis=1))
    seen = [_shown(even[row], known[row], first) for row in rows]
    medians = np.array([np.median(colours, axis=0) for colours in seen])
    spread = np.array([_spread(*row) for row in zip(seen, medians, strict=True)])
    alike = spread <= max(_ALIKE, 2 * np.median(spread))
    every = np.arange(len(even))
    columns = [np.interp(every, rows[alike], median) for median in medians[alike].T]
    return np.broadcast_to(np.maximum(np.stack(columns, 1), DARKEST)[:, None].astype(np.float32), even.shape)


def _shown(row, known, first):
    """Return what is known of a row, of its first columns alone if that is enough.

    Less is enough if it is of one look and the whole row is not, as a skirting between doors and furniture.
    """
    if first is None:
        return row[known]
    own, whole = row[:first][known[:first]], row[known]
    if len(own) > _OWN * first:
        return own
    if len(own) > _FEW * first and _look_spread(own) < _ALIKE < _look_spread(whole):
        return own
    return whole


def _look_spread(colours):
    return _spread(colours, np.median(colours, axis=0))


def even_layers(look, width):
    """Take the smooth part out of what a surface's rows look like: within a layer it is light.

    Parameters
    ----------
    look : ndarray of float32, shape (H, W, 3)
        Alike along a row, such as `typical_colours` tells of a wall.
    width : float
        Pixels over which the look changes where one layer ends and another begins.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Of each layer, as skirting, wall and cornice are, the median.
    """
    rows, reach = np.log(look[:, 0]), max(1, round(width / 2))
    padded = np.pad(rows, ((reach, reach), (0, 0)), "edge")
    sharp = np.abs(padded[2 * reach :] - padded[: -2 * reach]).mean(axis=1) > _STEP
    layer = np.cumsum(np.diff(sharp, prepend=sharp[0]))
    for number in np.unique(layer[~sharp]):
        rows[layer == number] = np.median(rows[layer == number], axis=0)
    return np.broadcast_to(np.exp(rows)[:, None], look.shape)


def _spread(colours, median):
    """Median log intensity by which colours differ from their median."""
    logs = np.log(np.maximum(colours, DARKEST)) - np.log(np.maximum(median, DARKEST))
    return np.median(np.abs(logs).mean(axis=1))


def local_light(even, look, known, width):
    """Tell by how much a surface differs from what it should look like, over a Gaussian of a width.

    Parameters
    ----------
    even : ndarray of float32, shape (H, W, 3)
        The surface, evenly lit.
    look : ndarray of float32, shape (H, W, 3)
        What it should look like, such as `typical_colours` tells.
    known : ndarray of bool, shape (H, W)
    width : float
        Pixels.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Log intensity; zero far from what is known.
    """
    away = np.log(np.maximum(even, DARKEST)) - np.log(np.maximum(look, DARKEST))
    return _filled(away.astype(np.float32), known.astype(np.float32), max(0.7, width)) * _seen(known, width)


def is_shade(away, deepest):
    """Tell where a surface may be darker for being in a shadow: of much the same colour, and not by too much.

    Parameters
    ----------
    away : ndarray of float32, shape (H, W, 3)
        By how much it differs from what it should look like, log intensity.
    deepest : float
        Log intensity: what is darker still is another thing.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True, too, where it is no darker.
    """
    depth = -away.mean(axis=2)
    colour = np.abs(away + depth[..., None]).max(axis=2)
    return (depth < deepest) & (colour < _SHADE_COLOUR * (0.5 + depth))


def _seen(known, width):
    return (cv2.GaussianBlur(known.astype(np.float32), (0, 0), max(0.7, width)) > 0.02)[..., None]


def is_paint(even, known, width, *, hole, furnished=False, own=False):
    """Tell whether a surface has no pattern: hardly any contrast, as a whole and around a hole.

    Parameters
    ----------
    even : ndarray of float32, shape (H, W, 3)
        The surface, evenly lit.
    known, hole : ndarray of bool, shape (H, W)
    width : float
        Pixels; another scale is three times as wide.
    furnished : bool
        Whether much of what is known may be things that stand before the surface. Then plain parts wider
        than `width` must make up a quarter of it, or less if nothing small breaks them; otherwise most of it
        must be plain at both scales.
    own : bool
        Whether such things have been left out of what is known, but not all of them surely: plain parts must
        make up more than half of it, and a quarter around the hole.

    Returns
    -------
    bool
    """
    logs, weight = np.log(np.maximum(even, DARKEST)).astype(np.float32), known.astype(np.float32)
    around = known & cv2.dilate(hole.astype(np.uint8), _disc(6 * width)).astype(bool)
    parts = [known, around] if around.any() else [known]
    if furnished or own:
        plain = known & (_contrast(logs, weight, width, mean=True) <= _SEEN_GRAIN)
        least = _SEEN if _broken(plain, known, width) > _BROKEN else _SEEN_WHOLE
        least = _SEEN_OWN if own else least
        return all(plain[part].mean() >= enough for part, enough in zip(parts, least, strict=False))
    for spread, limit in ((width, _GRAIN), (3 * width, 2 * _GRAIN)):
        away = _contrast(logs, weight, spread)
        if any(np.median(away[part]) > limit for part in parts):
            return False
    return True


def _broken(plain, known, width):
    """Tell what share of what is plain, with the small gaps in it, these gaps are."""
    whole = cv2.morphologyEx(plain.astype(np.uint8), cv2.MORPH_CLOSE, _disc(_GAPS * width)) > 0
    return 1 - np.count_nonzero(plain) / max(1, np.count_nonzero(whole & known))


def _contrast(logs, weight, width, *, mean=False):
    """Tell by how much each pixel of a surface differs from its surroundings, or these do in the mean."""
    away = np.abs(logs - _filled(logs, weight, max(0.7, width))).mean(axis=2)
    return _filled(np.dstack([away, away]), weight, max(0.7, width))[..., 0] if mean else away


def strangeness(away, known, width):
    """Tell how little parts of a surface look like most of it.

    Parameters
    ----------
    away : ndarray of float32, shape (H, W, 3)
        By how much it differs from what it should look like, such as `local_light` tells.
    known : ndarray of bool, shape (H, W)
        At least one pixel.
    width : float
        Pixels around a strange part that count as strange too.

    Returns
    -------
    ndarray of float32, shape (H, W)
        In [0, 1].
    """
    off = np.abs(away).mean(axis=2)
    strange = np.clip((off - 3 * np.median(off[known])) / _STRANGE, 0, 1).astype(np.float32) * known
    return cv2.dilate(strange, _disc(max(1, width)))
