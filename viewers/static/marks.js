/* Marks painted on the sphere, drawn into an equirectangular mask by the rules of pano_inpaint/strokes.py.
 *
 *   const mask = new MarkMask(1024);
 *   mask.draw({ kind: "stroke", points: [[yaw, pitch, radius], …], erase: false });
 *   view.load({ after: picture, mask });
 *   for (const box of mask.takeChanges()) view.update("mask", box);
 *
 * Angles are degrees at the public surface and radians inside. A pixel is marked if its centre lies within the
 * radius of a record or of the arc between two, or if a lasso winds round it; Python draws the same at the
 * picture's own size.
 */
"use strict";

(() => {
  const EPSILON = 1e-6;             // of a pixel: a pixel centre on a disc's rim belongs to the disc
  const PARALLEL = 1e-9;            // sine of the angle between directions that no great circle is drawn through
  const TURN = 2 * Math.PI;
  const MARKED = 255;               // what the engine reads as wholly covered

  function radians(degrees) { return degrees * (Math.PI / 180); }
  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }
  function modulo(value, size) { return ((value % size) + size) % size; }
  function dot(a, b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
  function cross(a, b) {
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  }
  function toVector(lon, lat) {
    const level = Math.cos(lat);
    return [level * Math.sin(lon), Math.sin(lat), level * Math.cos(lon)];
  }

  /* Half the longitudes a disc covers at a latitude; π where it covers the whole row. */
  function halfWidth(lat, center, radius) {
    const room = Math.sin(Math.min(radius, Math.PI) / 2) ** 2 - Math.sin((lat - center) / 2) ** 2;
    const scale = Math.max(Math.cos(lat) * Math.cos(center), Number.MIN_VALUE);
    return 2 * Math.asin(Math.sqrt(clamp(room / scale, 0, 1)));
  }

  /* Half-width of the longitudes around a pole's own at which pole·p is at least a value; -1 if there are none. */
  function halfInterval(pole, level, least, sine, cosine) {
    const limit = (least - pole[1] * sine) / (cosine * level);
    return limit > 1 ? -1 : Math.acos(clamp(limit, -1, 1));
  }

  /* Intersect intervals of longitude with one around a centre, on a circle. */
  function clip(intervals, center, half) {
    const found = [];
    for (const [left, right] of intervals) {
      for (const turn of [-TURN, 0, TURN]) {
        const low = Math.max(left, center + turn - half), high = Math.min(right, center + turn + half);
        if (low <= high) found.push([low, high]);
      }
    }
    return found;
  }

  class MarkMask {
    constructor(height) {
      this.height = height;
      this.width = 2 * height;
      this.data = new Uint8Array(this.width * height);
      this.latitudes = Float64Array.from({ length: height }, (_, row) => (0.5 - (row + 0.5) / height) * Math.PI);
      this._before = null;
      this._boxes = this._noBoxes();
      this._changed = this._noBoxes();
    }

    get isEmpty() { return !this.data.includes(MARKED); }

    /* Draw a whole mark. */
    draw(mark) {
      if (mark.kind === "stroke") {
        mark.points.forEach((point, index) => this.drawRecord(point, mark.points[index - 1], mark.erase));
      } else if (mark.kind === "lasso") this._drawLasso(mark.points, mark.erase ? 0 : MARKED);
      else if (mark.kind === "grow") this._grow(radians(mark.radius));
      else if (mark.kind === "clear") this._fill(0, 0, this.height, this.width, 0);
    }

    /* Draw one record of a stroke, and the way to it from the one before. */
    drawRecord([yaw, pitch, radius], previous, erase) {
      const value = erase ? 0 : MARKED;
      this._disc(radians(yaw), radians(pitch), radians(radius), value);
      if (!previous) return;
      const from = toVector(radians(previous[0]), radians(previous[1]));
      this._bridge(from, toVector(radians(yaw), radians(pitch)), radians(Math.min(radius, previous[2])), value);
    }

    /* Everything drawn between begin and end can be taken back by undo(patch). */
    begin() {
      this._before ??= new Uint8Array(this.data.length);
      this._before.set(this.data);
      this._changed = this._noBoxes();
    }

    end() {
      return this._changed.filter((box) => box.right > box.left).map(({ left, top, right, bottom }) => {
        const bytes = new Uint8Array((right - left) * (bottom - top));
        for (let row = top; row < bottom; row++) {
          const start = row * this.width;
          bytes.set(this._before.subarray(start + left, start + right), (row - top) * (right - left));
        }
        return { left, top, right, bottom, bytes };
      });
    }

    undo(patch) {
      for (const { left, top, right, bottom, bytes } of patch) {
        for (let row = top; row < bottom; row++) {
          const part = bytes.subarray((row - top) * (right - left), (row - top + 1) * (right - left));
          this.data.set(part, row * this.width + left);
        }
        this._note(left, right - 1, top);
        this._note(left, right - 1, bottom - 1);
      }
    }

    clear() { this._fill(0, 0, this.height, this.width, 0); }

    /* The windows {x, y, width, height} that changed since they were last asked for. */
    takeChanges() {
      const changed = this._boxes.filter((box) => box.right > box.left);
      this._boxes = this._noBoxes();
      return changed.map(({ left, top, right, bottom }) => ({ x: left, y: top, width: right - left, height: bottom - top }));
    }

    /* One box for each half of the picture: a stroke over the seam touches both ends and little of each. */
    _noBoxes() {
      return [0, 1].map(() => ({ left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity }));
    }

    _note(left, right, row) {
      const half = this.height;
      for (const boxes of [this._boxes, this._changed]) {
        if (left < half) MarkMask._extend(boxes[0], left, Math.min(right, half - 1), row);
        if (right >= half) MarkMask._extend(boxes[1], Math.max(left, half), right, row);
      }
    }

    static _extend(box, left, right, row) {
      if (left < box.left) box.left = left;
      if (right >= box.right) box.right = right + 1;
      if (row < box.top) box.top = row;
      if (row >= box.bottom) box.bottom = row + 1;
    }

    /* Set columns left to right of a row, both inclusive; only what changes is noted. */
    _run(row, left, right, value) {
      const { data, width } = this;
      const start = row * width;
      while (left <= right && data[start + left] === value) left++;
      while (left <= right && data[start + right] === value) right--;
      if (left > right) return;
      data.fill(value, start + left, start + right + 1);
      this._note(left, right, row);
    }

    _span(row, left, right, value) {
      const { width } = this;
      if (right < left) return;
      if (right - left >= width - 1) return this._run(row, 0, width - 1, value);
      const first = modulo(left, width), last = first + right - left;
      this._run(row, first, Math.min(last, width - 1), value);
      if (last >= width) this._run(row, 0, last - width, value);
    }

    /* Columns whose centres lie in an interval of longitude. */
    _longitudes(row, left, right, value) {
      const scale = this.height / Math.PI;
      this._span(row, Math.ceil(left * scale + this.height - 0.5 - EPSILON),
                 Math.floor(right * scale + this.height - 0.5 + EPSILON), value);
    }

    _rows(lat, reach) {
      const { height } = this;
      const first = Math.floor((0.5 - (lat + reach) / Math.PI) * height - 0.5) - 1;
      const last = Math.ceil((0.5 - (lat - reach) / Math.PI) * height - 0.5) + 1;
      return [Math.max(first, 0), Math.min(last, height - 1)];
    }

    _disc(lon, lat, radius, value) {
      radius += EPSILON * Math.PI / this.height;
      const [first, last] = this._rows(lat, radius);
      for (let row = first; row <= last; row++) {
        if (Math.abs(this.latitudes[row] - lat) > radius) continue;
        const half = halfWidth(this.latitudes[row], lat, radius);
        this._longitudes(row, lon - half, lon + half, value);
      }
    }

    /* What lies within a radius of the arc between two directions, and between the planes through its ends: on a row
     * n·p ≥ -sin r, n·p ≤ sin r, (n × a)·p ≥ 0 and (b × n)·p ≥ 0 each hold for an interval of longitudes. */
    _bridge(start, end, radius, value) {
      radius += EPSILON * Math.PI / this.height;
      const across = cross(start, end), size = Math.hypot(...across);
      if (size <= PARALLEL || radius >= Math.PI / 2) return;
      const normal = across.map((part) => part / size);
      const sum = start.map((part, axis) => part + end[axis]);
      const middle = Math.asin(clamp(sum[1] / Math.hypot(...sum), -1, 1));
      const reach = Math.atan2(size, dot(start, end)) / 2 + radius;
      const poles = [normal, cross(normal, start), cross(end, normal)];
      const levels = poles.map((pole) => Math.hypot(pole[0], pole[2]));
      const centers = poles.map((pole) => Math.atan2(pole[0], pole[2]));
      const [first, last] = this._rows(middle, reach);
      for (let row = first; row <= last; row++) {
        const lat = this.latitudes[row], sine = Math.sin(lat), cosine = Math.cos(lat);
        if (Math.abs(lat - middle) > reach) continue;
        const outer = halfInterval(normal, levels[0], -Math.sin(radius), sine, cosine);
        if (!(outer >= 0)) continue;
        const inner = Math.max(halfInterval(normal, levels[0], Math.sin(radius), sine, cosine), 0);
        let intervals = [[centers[0] - outer, centers[0] - inner], [centers[0] + inner, centers[0] + outer]];
        for (const index of [1, 2]) {
          const half = halfInterval(poles[index], levels[index], 0, sine, cosine);
          intervals = half < 0 ? [] : clip(intervals, centers[index], half);
        }
        for (const [left, right] of intervals) this._longitudes(row, left, right, value);
      }
    }

    _fill(left, top, bottom, right, value) {
      for (let row = top; row < bottom; row++) this._run(row, left, right - 1, value);
    }

    /* Along each column the winding number changes where an edge crosses its meridian. */
    _drawLasso(points, value) {
      const corners = points.map(([yaw, pitch]) => [radians(yaw), radians(pitch)]);
      const vectors = corners.map(([lon, lat]) => toVector(lon, lat));
      const edges = corners.map(([lon], index) => {
        const next = (index + 1) % corners.length;
        const way = modulo(corners[next][0] - lon + Math.PI, TURN) - Math.PI;
        return { start: lon, end: lon + way, pole: cross(vectors[index], vectors[next]) };
      }).filter(({ start, end, pole }) => start !== end && pole[1] !== 0);
      const outside = [0, 1, 2].map((axis) => -vectors.reduce((sum, vector) => sum + vector[axis], 0));
      const south = this._windingAtSouth(edges, outside);
      const { width, height } = this;
      const changes = new Map();                       // column -> [row, sign, row, sign, …]
      for (const { start, end, pole } of edges) this._cross(start, end, pole, changes);
      for (let column = 0; column < width; column++) {
        const crossings = changes.get(column) ?? [];
        if (!crossings.length && !south) continue;
        crossings.sort((a, b) => b[0] - a[0]);         // from the south to the north
        let winding = south, bottom = height;
        for (const [row, sign] of [...crossings, [0, 0]]) {
          if (winding) for (let at = Math.max(row, 0); at < bottom; at++) this._run(at, column, column, value);
          bottom = Math.min(bottom, row);
          winding += sign;
        }
      }
    }

    _latitude(pole, lon) { return Math.atan(-(pole[0] * Math.sin(lon) + pole[2] * Math.cos(lon)) / pole[1]); }

    _windingAtSouth(edges, outside) {
      const lon = Math.atan2(outside[0], outside[2]);
      const lat = Math.atan2(outside[1], Math.hypot(outside[0], outside[2]));
      let total = 0;
      for (const { start, end, pole } of edges) {
        const low = Math.min(start, end);
        if (modulo(lon - low, TURN) < Math.abs(end - start) && this._latitude(pole, lon) < lat) {
          total += end > start ? 1 : -1;
        }
      }
      return -total;
    }

    _cross(start, end, pole, changes) {
      const { width, height } = this;
      const [low, high] = [Math.min(start, end), Math.max(start, end)].map((lon) => lon * height / Math.PI + height - 0.5);
      for (let column = Math.ceil(low); column < Math.ceil(high); column++) {
        const lat = this._latitude(pole, ((column + 0.5) / height - 1) * Math.PI);
        const row = Math.ceil((0.5 - lat / Math.PI) * height - 0.5);
        const at = modulo(column, width);
        if (!changes.has(at)) changes.set(at, []);
        changes.get(at).push([row, end > start ? 1 : -1]);
      }
    }

    /* Each run of marked pixels widens every row within the radius by the exact half-width there. */
    _grow(radius) {
      const { width, height, latitudes } = this;
      radius += EPSILON * Math.PI / height;
      const scale = height / Math.PI, reach = Math.min(Math.floor(radius * scale), height - 1);
      const runs = [];
      for (let row = 0; row < height; row++) {
        const start = row * width;
        for (let column = 0; column < width; column++) {
          if (!this.data[start + column]) continue;
          const first = column;
          while (column < width && this.data[start + column]) column++;
          runs.push([row, first, column - 1]);
        }
      }
      for (let offset = -reach; offset <= reach; offset++) {
        for (const [row, first, last] of runs) {
          const target = row + offset;
          if (target < 0 || target >= height) continue;
          const half = Math.floor(halfWidth(latitudes[target], latitudes[row], radius) * scale + EPSILON);
          this._span(target, first - half, last + half, MARKED);
        }
      }
    }
  }

  window.MarkMask = MarkMask;
})();
