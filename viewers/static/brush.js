/* Tools that paint on the sphere: pointers and keys become marks, drawn while they are made.
 *
 *   const brush = new Brush(overlay, { mask, finish });
 *   brush.attach(view, controls);
 *   brush.tool = "lasso";
 *
 * `mask` returns the MarkMask that is painted on, or null while there is nothing to paint; `finish(mark, patch)` is
 * told each finished mark. Works on any view that has screenToSphere, sphereToScreen and requestRender; before it
 * draws, somebody brings the mask's changes to it. The left button, a pen and one finger paint; other buttons, two
 * fingers and the space bar turn the view.
 */
"use strict";

(() => {
  const SMALLEST = 0.3, LARGEST = 60;              // degrees of the brush's radius
  const OUTLINE = 72;                              // corners of its outline
  const DIGITS = 1e4;                              // of a degree that records keep

  function radians(degrees) { return degrees * Math.PI / 180; }
  function degrees(angle) { return angle * 180 / Math.PI; }
  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }
  function rounded(value) { return Math.round(value * DIGITS) / DIGITS; }

  function toVector(yaw, pitch) {
    const level = Math.cos(radians(pitch));
    return [level * Math.sin(radians(yaw)), Math.sin(radians(pitch)), level * Math.cos(radians(yaw))];
  }

  function angleBetween(a, b) {
    const one = toVector(a[0], a[1]), other = toVector(b[0], b[1]);
    return degrees(2 * Math.asin(Math.min(1, Math.hypot(...one.map((part, axis) => part - other[axis])) / 2)));
  }

  /* Directions on the rim of a disc. */
  function rim(yaw, pitch, radius) {
    const middle = toVector(yaw, pitch);
    const right = [Math.cos(radians(yaw)), 0, -Math.sin(radians(yaw))];
    const up = [middle[1] * right[2], middle[2] * right[0] - middle[0] * right[2], -middle[1] * right[0]];
    return Array.from({ length: OUTLINE + 1 }, (_, step) => {
      const angle = 2 * Math.PI * step / OUTLINE, reach = Math.sin(radians(radius));
      const ray = middle.map((part, axis) => part * Math.cos(radians(radius))
        + reach * (Math.cos(angle) * right[axis] + Math.sin(angle) * up[axis]));
      return { yaw: degrees(Math.atan2(ray[0], ray[2])), pitch: degrees(Math.asin(clamp(ray[1], -1, 1))) };
    });
  }

  class Brush extends EventTarget {
    /* Events: "size" when the brush's radius changed, "tool" when another tool was taken. */
    constructor(overlay, { mask, finish }) {
      super();
      this.overlay = overlay;
      this._mask = mask;
      this._finish = finish;
      this._tool = "brush";
      this._size = 6;
      this.panning = false;                        // while the space bar is held
      this._stroke = null;                         // {pointer, mark, corners} while one is being made
      this._at = null;                             // where the pointer is
      this._keyed = null;                          // the mark that keys are making
    }

    get tool() { return this._tool; }
    set tool(name) {
      this.abandon();
      this._tool = name;
      this.dispatchEvent(new Event("tool"));
      this.outline();
    }

    get size() { return this._size; }
    set size(value) {
      this._size = rounded(clamp(value, SMALLEST, LARGEST));
      this.dispatchEvent(new Event("size"));
      this.outline();
    }

    get active() { return Boolean(this._stroke || this._keyed); }
    get paints() { return this._tool !== "pan" && !this.panning && Boolean(this._mask()); }

    attach(view, controls) {
      const { canvas } = view;
      if (!canvas.dataset.brush) {
        canvas.dataset.brush = "yes";
        canvas.addEventListener("pointerdown", (event) => this._press(event));
        canvas.addEventListener("pointermove", (event) => this._move(event));
        canvas.addEventListener("pointerup", (event) => this._release(event));
        canvas.addEventListener("pointercancel", (event) => this._cancel(event));
        canvas.addEventListener("pointerleave", () => { this._at = null; this.outline(); });
        canvas.addEventListener("lostpointercapture", (event) => this._cancel(event));
        canvas.addEventListener("contextmenu", (event) => event.preventDefault());
        canvas.addEventListener("wheel", (event) => this._wheel(event), { capture: true, passive: false });
        view.addEventListener("render", () => this.outline());
        controls.accepts = (event) => event.button > 0 || !this.paints;
      }
      this.abandon();
      this.view = view;
      this.controls = controls;
      this._at = null;
      this.outline();
    }

    /* Drop what is being painted. */
    abandon() {
      const stroke = this._stroke ?? this._keyed;
      this._stroke = this._keyed = null;
      if (!stroke) return;
      if (stroke.mark.kind === "stroke") {
        const mask = this._mask();
        mask.undo(mask.end());
        this.view.requestRender();
      }
      this.outline();
    }

    /* Paint where the view looks, for keys; `joined` goes on from the last place. Returns what was done. */
    stamp(joined) {
      if (!this.paints) return null;
      const { clientWidth, clientHeight } = this.view.canvas;
      const { yaw, pitch } = this.view.screenToSphere(clientWidth / 2, clientHeight / 2);
      if (this._tool === "lasso") return this._stampCorner(yaw, pitch, joined);
      const record = [rounded(yaw), rounded(pitch), this._size];
      const points = joined && this._last ? [this._last, record] : [record];
      this._last = record;
      this._commit({ kind: "stroke", points, erase: this._tool === "eraser" });
      return joined ? "joined" : "painted";
    }

    _stampCorner(yaw, pitch, closing) {
      if (closing) {
        const lasso = this._keyed;
        this._keyed = null;
        if (lasso) this._closeLasso(lasso.mark);
        this.outline();
        return lasso && lasso.mark.points.length > 2 ? "closed" : null;
      }
      this._keyed ??= { mark: { kind: "lasso", points: [], erase: false } };
      this._keyed.mark.points.push([rounded(yaw), rounded(pitch)]);
      this.outline();
      return "corner";
    }

    /* Add a mark that is made at once. */
    _commit(mark) {
      const mask = this._mask();
      mask.begin();
      mask.draw(mark);
      const patch = mask.end();
      this.view.requestRender();
      this._finish(mark, patch);
    }

    add(mark) { if (this._mask()) this._commit(mark); }

    _press(event) {
      if (this._stroke) {
        if (event.pointerType === "touch" && this._stroke.event.pointerType === "touch") this._pinch(event);
        return;
      }
      if (event.button !== 0 || !this.paints || this.controls.pointers.size) return;
      this._keyed = null;
      event.target.setPointerCapture(event.pointerId);
      const kind = this._tool === "lasso" ? "lasso" : "stroke";
      const erase = kind === "lasso" ? event.altKey : this._tool === "eraser";
      this._stroke = { event, pointer: event.pointerId, mark: { kind, points: [], erase } };
      if (kind === "stroke") this._mask().begin();
      this._extend(event);
    }

    /* A second finger means that the view is to be moved: both go to the controls. */
    _pinch(event) {
      const first = this._stroke.latest ?? this._stroke.event;
      this.abandon();
      this.controls.grab(first);
      this.controls.grab(event);
    }

    _move(event) {
      this._at = { x: event.offsetX, y: event.offsetY };
      if (this._stroke?.pointer === event.pointerId) {
        const steps = event.getCoalescedEvents?.() ?? [];
        for (const step of steps.length ? steps : [event]) this._extend(step);
      }
      this._outlineSoon();
    }

    _extend(event) {
      const stroke = this._stroke, box = this.view.canvas.getBoundingClientRect();
      stroke.latest = event;
      const { yaw, pitch } = this.view.screenToSphere(event.clientX - box.left, event.clientY - box.top);
      const { points, kind, erase } = stroke.mark;
      const last = points.at(-1);
      if (kind === "lasso") {
        if (!last || angleBetween(last, [yaw, pitch]) > 0.2) points.push([rounded(yaw), rounded(pitch)]);
        return;
      }
      const pen = event.pointerType === "pen" && event.pressure > 0;
      const radius = rounded(Math.max(this._size * (pen ? 0.25 + 0.75 * event.pressure : 1), SMALLEST / 2));
      const record = [rounded(yaw), rounded(pitch), radius];
      if (last && angleBetween(last, record) < radius / 50 && Math.abs(last[2] - radius) < radius / 50) return;
      points.push(record);
      this._mask().drawRecord(record, last, erase);
      this.view.requestRender();
    }

    _release(event) {
      const stroke = this._stroke;
      if (stroke?.pointer !== event.pointerId) return;
      this._extend(event);
      this._stroke = null;
      if (stroke.mark.kind === "lasso") this._closeLasso(stroke.mark);
      else {
        this._last = stroke.mark.points.at(-1);
        this._finish(stroke.mark, this._mask().end());
      }
      this.outline();
    }

    _cancel(event) { if (this._stroke?.pointer === event.pointerId) this.abandon(); }

    _closeLasso(mark) { if (mark.points.length > 2) this._commit(mark); }

    /* A modifier and the wheel change the brush's size; the wheel alone zooms. */
    _wheel(event) {
      if (!(event.altKey || event.shiftKey) || this._tool === "pan") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const way = event.deltaY || event.deltaX;    // some systems turn shift + wheel sideways
      this.size = this._size * Math.exp(clamp(-way * 0.002, -0.3, 0.3));
    }

    /* Draw the outline in the next frame, unless the view that is drawn before has it drawn. */
    _outlineSoon() { this._frame ??= requestAnimationFrame(() => this.outline()); }

    /* Draw the brush's outline at the pointer, or in the middle for keys, and the lasso being drawn. */
    outline() {
      const { view, overlay } = this;
      if (this._frame) cancelAnimationFrame(this._frame);
      this._frame = null;
      if (!view) return;
      const lasso = [this._stroke, this._keyed].find((one) => one?.mark.kind === "lasso");
      const corners = lasso ? lasso.mark.points.map(([yaw, pitch]) => ({ yaw, pitch })) : [];
      const { clientWidth, clientHeight } = view.canvas;
      const keyed = view.canvas.matches(":focus-visible") && !this._at;
      const at = this._at ?? (keyed ? { x: clientWidth / 2, y: clientHeight / 2 } : null);
      let path = this._path(corners);
      if (at && this.paints && this._tool !== "lasso") {
        const { yaw, pitch } = view.screenToSphere(at.x, at.y);
        path += this._path(rim(yaw, pitch, this._size), at);
      } else if (keyed && this.paints) path += `M${at.x - 9} ${at.y}h18M${at.x} ${at.y - 9}v18`;
      if (path !== overlay.dataset.path) {
        overlay.dataset.path = path;
        for (const line of overlay.querySelectorAll("path")) line.setAttribute("d", path);
      }
    }

    /* An SVG path through directions; on a flat picture it goes on over the seam. */
    _path(directions, near = null) {
      let path = "", last = near;
      let pen = false;
      const toScreen = this.view.projection();
      for (const { yaw, pitch } of directions) {
        const point = toScreen(yaw, pitch);
        if (!point || Math.abs(point.x) > 1e5 || Math.abs(point.y) > 1e5) { pen = false; continue; }
        if (this.view.isFlat && last) point.x += Math.round((last.x - point.x) / this.view.turn) * this.view.turn;
        path += `${pen ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
        pen = true;
        last = point;
      }
      return path;
    }
  }

  window.Brush = Brush;
})();
