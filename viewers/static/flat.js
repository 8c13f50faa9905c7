/* The whole sphere as a flat picture, with the surface of a PanoramaView as far as controls and tools need it.
 *
 *   const view = new FlatView(canvas);
 *   await view.load({ after: blob, before: otherBlob, mask: raster });
 *
 * The picture goes on endlessly to both sides. `zoom` is 1 where all of it is seen and smaller when nearer, so
 * that wheel, pinch and keys work as on the sphere.
 */
"use strict";

(() => {
  const WIDEST = 4096;              // pixels of the copies that are kept
  const NEAREST = 1 / 16;
  const MAX_PIXEL_RATIO = 2;
  const COLOUR = [245, 33, 89, 255];             // of the mask

  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }
  function wrapDegrees(angle) { return ((angle + 180) % 360 + 360) % 360 - 180; }

  async function decode(picture) {
    const bitmap = await createImageBitmap(picture);
    if (bitmap.width <= WIDEST) return bitmap;
    const smaller = await createImageBitmap(bitmap, { resizeWidth: WIDEST, resizeHeight: WIDEST / 2, resizeQuality: "medium" });
    bitmap.close();
    return smaller;
  }

  class FlatView extends EventTarget {
    constructor(canvas) {
      super();
      this.canvas = canvas;
      this.context = canvas.getContext("2d", { alpha: false });
      this.isFlat = true;
      this.layers = {};
      this.maskOpacity = 0.5;
      this.moving = false;
      this.frames = 0;
      this._yaw = this._pitch = 0;
      this._zoom = 1;
      this._divider = 0.5;
      this._peek = false;
      this._ticket = 0;
      new ResizeObserver(() => this._resize()).observe(canvas);
      this._resize();
    }

    get yaw() { return this._yaw; }
    set yaw(value) { this._yaw = wrapDegrees(value); this.requestRender(); }

    get pitch() { return this._pitch; }
    set pitch(value) { this._pitch = value; this._settle(); }

    get zoom() { return this._zoom; }
    set zoom(value) { this._zoom = clamp(value, NEAREST, 1); this._settle(); }

    /* Such that a drag of the controls, which count in fields of view, follows the pointer. */
    get fov() {
      const perPixel = 180 / this._scale().height;
      return 360 / Math.PI * Math.atan(perPixel * this.canvas.clientWidth * Math.PI / 360);
    }

    get divider() { return this._divider; }
    set divider(value) { this._divider = clamp(value, 0, 1); this.requestRender(); }

    get peek() { return this._peek; }
    set peek(value) { this._peek = Boolean(value); this.requestRender(); }

    get comparing() { return Boolean(this.layers.before); }

    reset({ yaw = 0, pitch = 0 } = {}) {
      this._zoom = 1;
      this.yaw = yaw;
      this.pitch = pitch;
    }

    async load(sources) {
      const ticket = ++this._ticket;
      const names = ["after", "before"].filter((name) => sources[name]);
      const decoded = await Promise.all(names.map((name) => decode(sources[name])));
      if (ticket !== this._ticket) return false;
      this.unload();
      names.forEach((name, index) => { this.layers[name] = decoded[index]; });
      if (sources.mask) this._loadMask(sources.mask);
      this.render();
      return true;
    }

    unload() {
      for (const picture of Object.values(this.layers)) picture.close?.();
      this.layers = {};
      this._raster = null;
    }

    shows(raster) { return this._raster === raster; }

    _loadMask(raster) {
      const { width, height } = raster;
      this._raster = raster;
      this.layers.mask = Object.assign(document.createElement("canvas"), { width, height });
      this.update("mask", { x: 0, y: 0, width, height });
    }

    /* Bring a changed window {x, y, width, height} of the mask up to date. */
    update(name, { x, y, width, height }) {
      const context = this.layers[name].getContext("2d");
      const image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      const [colour] = new Uint32Array(Uint8Array.of(...COLOUR).buffer);
      const { data, width: across } = this._raster;
      for (let row = 0, at = 0; row < height; row++) {
        let from = (y + row) * across + x;
        for (let column = 0; column < width; column++, at++, from++) if (data[from]) pixels[at] = colour;
      }
      context.putImageData(image, x, y);
      this.requestRender();
    }

    screenToSphere(x, y) {
      const { width, height, left, top } = this._scale();
      return { yaw: wrapDegrees((x - left) / width * 360), pitch: clamp(90 - (y - top) / height * 180, -90, 90) };
    }

    sphereToScreen(yaw, pitch) { return this.projection()(yaw, pitch); }

    /* The same as a function, for many directions at once. */
    projection() {
      const { width, height, top } = this._scale();
      const middle = this.canvas.clientWidth / 2;
      return (yaw, pitch) => ({ x: middle + wrapDegrees(yaw - this._yaw) / 360 * width,
                                y: top + (90 - pitch) / 180 * height });
    }

    /* Width of one turn on the screen, in CSS pixels. */
    get turn() { return this._scale().width; }

    requestRender() { this._frame ??= requestAnimationFrame(() => this.render()); }

    render() {
      this.dispatchEvent(new Event("draw"));
      if (this._frame) cancelAnimationFrame(this._frame);
      this._frame = null;
      const { context, canvas, layers } = this;
      const ratio = canvas.width / Math.max(canvas.clientWidth, 1);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.fillStyle = "#101011";
      context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
      if (layers.after) {
        const split = (this._peek ? 1 : this._divider) * canvas.clientWidth;
        this._draw(layers.after, layers.before ? split : 0, canvas.clientWidth);
        if (layers.before) this._draw(layers.before, 0, split);
        context.globalAlpha = this.maskOpacity;
        if (layers.mask) this._draw(layers.mask, 0, canvas.clientWidth);
        context.globalAlpha = 1;
      }
      this.frames += 1;
      this.dispatchEvent(new Event("render"));
    }

    _draw(picture, from, to) {
      const { context } = this;
      const { width, height, left, top } = this._scale();
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, this.canvas.clientHeight);
      context.clip();
      const first = left - width / 2;           // longitude -180 of the copy round the middle
      for (let at = first - width * Math.ceil((first - from) / width); at < to; at += width) {
        context.drawImage(picture, at, top, width, height);
      }
      context.restore();
    }

    /* Size of the picture on the screen, and where direction (0, 0) of its middle copy and its top lie. */
    _scale() {
      const { clientWidth, clientHeight } = this.canvas;
      const height = Math.max(Math.min(clientHeight, clientWidth / 2), 1) / this._zoom, width = 2 * height;
      return { width, height, left: clientWidth / 2 - this._yaw / 360 * width,
               top: clientHeight / 2 - (90 - this._pitch) / 180 * height };
    }

    /* Keep the picture on the screen: where its height fits, it stands in the middle. */
    _settle() {
      const room = Math.max(90 - this.canvas.clientHeight / this._scale().height * 90, 0);
      this._pitch = clamp(this._pitch, -room, room);
      this.requestRender();
    }

    _resize() {
      const ratio = Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO);
      const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
      const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
      if (width === this.canvas.width && height === this.canvas.height) return;
      this.canvas.width = width;
      this.canvas.height = height;
      this._settle();
      this.render();
    }
  }

  window.FlatView = FlatView;
})();
