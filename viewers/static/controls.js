/* Turning a PanoramaView by pointer, wheel and keys, with inertia where motion is welcome.
 *
 *   const controls = new PanoramaControls(view);
 *
 * Every movement is a way still to be travelled that decays exponentially: a flick, a key and a zoom button
 * share one loop, which ends when the view has arrived.
 */
"use strict";

(() => {
  const GLIDE = 110;                // ms in which a movement covers 63 % of its way
  const INERTIA = 260;
  const VELOCITY_WINDOW = 90;       // ms of pointer movement that decide the speed on release
  const AUTOROTATE = 4;             // degrees a second
  const KEY_STEP = 0.12;            // share of the field of view

  const KEYS = {
    ArrowLeft: (controls) => controls.turn(-KEY_STEP, 0), ArrowRight: (controls) => controls.turn(KEY_STEP, 0),
    ArrowUp: (controls) => controls.turn(0, KEY_STEP), ArrowDown: (controls) => controls.turn(0, -KEY_STEP),
    "+": (controls) => controls.zoomBy(0.8), "=": (controls) => controls.zoomBy(0.8),
    "-": (controls) => controls.zoomBy(1.25), _: (controls) => controls.zoomBy(1.25),
  };

  function radians(degrees) { return degrees * Math.PI / 180; }
  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }

  class PanoramaControls {
    /* `accepts(event)` decides which pointers turn the view; a painting tool replaces it to keep the left button.
     * A changed autorotation is told by an "autorotate" event on the view. */
    constructor(view) {
      this.view = view;
      this.accepts = (event) => event.button === 0;
      this.reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
      this.pointers = new Map();
      this.trail = [];
      this.rest = { yaw: 0, pitch: 0, zoom: 0 };     // what is still to be travelled
      this.pace = GLIDE;
      this._autorotate = false;
      const { canvas } = view;
      canvas.style.touchAction = "none";
      canvas.addEventListener("pointerdown", (event) => this._press(event));
      canvas.addEventListener("pointermove", (event) => this._move(event));
      for (const name of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(name, (event) => this._release(event));
      }
      canvas.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    }

    get autorotate() { return this._autorotate; }
    set autorotate(value) {
      const turns = value && !this.reducedMotion.matches;      // motion of its own is what is unwanted most
      if (turns === this._autorotate) return;
      this._autorotate = turns;
      this.view.dispatchEvent(new Event("autorotate"));
      this._run();
    }

    /* Returns whether the key was one of the engine's: arrows, plus and minus. */
    press(key) {
      if (!KEYS[key]) return false;
      KEYS[key](this);
      return true;
    }

    /* Turn by shares of the field of view. */
    turn(right, up) {
      this.stop();
      this.glide({ yaw: this.rest.yaw + right * this.view.fov, pitch: this.rest.pitch + up * this.view.fov,
                   zoom: this.rest.zoom });
    }

    zoomBy(factor) {
      this.glide({ ...this.rest, zoom: this.rest.zoom + Math.log(factor) });
    }

    /* Travel a way {yaw, pitch, zoom} in degrees and natural logarithm, or jump it where motion is unwanted. */
    glide({ yaw = 0, pitch = 0, zoom = 0 }, pace = GLIDE) {
      this.rest = { yaw, pitch, zoom };
      this.pace = pace;
      if (!this.reducedMotion.matches) return this._run();
      this.view.moving = false;
      this._travel(1);
    }

    /* End the automatic turning. */
    stop() { this.autorotate = false; }

    _travel(share) {
      const { view, rest } = this;
      view.yaw += rest.yaw * share;
      view.pitch += rest.pitch * share;
      view.zoom *= Math.exp(rest.zoom * share);
      for (const name of Object.keys(rest)) rest[name] *= 1 - share;
    }

    _run() {
      if (this._ticking) return;
      this._ticking = true;
      let last = performance.now();
      const tick = (now) => {
        const passed = clamp(now - last, 0, 50);
        last = now;
        const { yaw, pitch, zoom } = this.rest;
        const near = Math.max(Math.abs(yaw), Math.abs(pitch), Math.abs(zoom) * 50) < this.view.fov / 2000;
        this._travel(near ? 1 : 1 - Math.exp(-passed / this.pace));
        if (this._autorotate && !this.pointers.size) this.view.yaw += AUTOROTATE * passed / 1000;
        this._ticking = this._autorotate || !near;
        this.view.moving = this._ticking;
        if (this._ticking) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }

    _press(event) {
      if (this.accepts(event)) this.grab(event);
    }

    /* Let a pointer turn the view, whatever `accepts` says: a second finger takes the first one along. */
    grab(event) {
      this.stop();
      this.rest = { yaw: 0, pitch: 0, zoom: 0 };
      this.view.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.trail = [];
    }

    _move(event) {
      const pointer = this.pointers.get(event.pointerId);
      if (!pointer) return;
      const before = this._gesture();
      [pointer.x, pointer.y] = [event.clientX, event.clientY];
      const after = this._gesture();
      const perPixel = 360 / Math.PI * Math.tan(radians(this.view.fov) / 2) / this.view.canvas.clientWidth;
      // Near a pole the same way on the screen is a wider angle of yaw; a quarter keeps it from spinning.
      const stretch = this.view.isFlat ? 1 : Math.max(Math.cos(radians(this.view.pitch)), 0.25);
      const way = { yaw: (before.x - after.x) * perPixel / stretch, pitch: (after.y - before.y) * perPixel };
      this.view.moving = true;
      this.view.yaw += way.yaw;
      this.view.pitch += way.pitch;
      if (after.spread) this.view.zoom *= before.spread / after.spread;
      this.trail.push({ time: event.timeStamp, ...way });
    }

    /* Middle of all pointers and, for a pinch, how far they are apart. */
    _gesture() {
      const points = [...this.pointers.values()];
      const x = points.reduce((sum, point) => sum + point.x, 0) / points.length;
      const y = points.reduce((sum, point) => sum + point.y, 0) / points.length;
      return { x, y, spread: points.length > 1 ? Math.hypot(points[0].x - x, points[0].y - y) : 0 };
    }

    _release(event) {
      if (!this.pointers.delete(event.pointerId) || this.pointers.size) return;
      const recent = this.trail.filter((step) => event.timeStamp - step.time < VELOCITY_WINDOW);
      const speed = { yaw: 0, pitch: 0 };
      for (const step of recent) {
        speed.yaw += step.yaw / VELOCITY_WINDOW;
        speed.pitch += step.pitch / VELOCITY_WINDOW;
      }
      const carry = this.reducedMotion.matches ? 0 : INERTIA;
      this.glide({ yaw: speed.yaw * carry, pitch: speed.pitch * carry }, INERTIA);
    }

    _wheel(event) {
      event.preventDefault();
      const lines = [1, 16, 400][event.deltaMode];                    // pixels, lines, pages
      const strength = event.ctrlKey ? 0.01 : 0.0015;                 // a trackpad's pinch comes as ctrl + wheel
      this.zoomBy(Math.exp(clamp(event.deltaY * lines * strength, -0.5, 0.5)));
    }
  }

  window.PanoramaControls = PanoramaControls;
})();
