/* The panorama engine: WebGL 1, no dependency, no build step; tiles.js comes before it.
 *
 *   const view = new PanoramaView(canvas);
 *   await view.load({ after: blob, before: otherBlob });
 *
 * PanoramaView casts one ray per pixel into equirectangular pictures and draws only when something changed.
 * Angles are degrees at the public surface and radians inside: yaw grows to the right with 0 at the picture's
 * centre, pitch is up, fov is horizontal. Screen positions are CSS pixels from the canvas's top left corner.
 */
"use strict";

(() => {
  const VERTEX = `
    attribute vec2 corner;
    varying vec2 screen;
    void main() { screen = corner; gl_Position = vec4(corner, 0.0, 1.0); }`;

  // Every tile of the grid is one pass that adds the rays falling into it, so a pixel whose rays fall into two
  // tiles is the sum of two passes and no tile edge shows. A picture in one tile is one draw call.
  const FRAGMENT = `
    precision highp float;
    varying vec2 screen;        // -1 to 1, y up
    uniform mat3 camera;        // columns: right, up, forward
    uniform vec2 extent;        // tangents of half the field of view
    uniform vec2 pixel;         // one pixel in units of screen
    uniform int taps;           // rays per pixel along each axis
    uniform float divider;      // "before" is left of this screen x
    uniform vec4 tile;          // left, top, right, bottom on the picture, 0 to 1
    uniform vec4 afterPlace, beforePlace, maskPlace;   // texture = picture * xy + zw
    uniform sampler2D after, before, mask;
    uniform vec4 tint;          // colour and strength of the mask

    vec2 onPicture(vec2 at) {
      vec3 ray = camera * vec3(at * extent, 1.0);
      float level = length(ray.xz);
      float longitude = level > 0.0 ? atan(ray.x, ray.z) : 0.0;   // atan(0, 0) is undefined at the poles
      return vec2(longitude / 6.283185307179586 + 0.5, 0.5 - atan(ray.y, level) / 3.141592653589793);
    }

    void main() {
      vec3 sum = vec3(0.0);
      float hits = 0.0;
      for (int row = 0; row < 4; row++) {
        if (row >= taps) break;
        for (int column = 0; column < 4; column++) {
          if (column >= taps) break;
          vec2 inside = (vec2(float(column), float(row)) + 0.5) / float(taps) - 0.5;
          vec2 at = onPicture(screen + inside * pixel);
          if (at.x < tile.x || at.x >= tile.z || at.y < tile.y || at.y >= tile.w) continue;
          vec3 colour = screen.x < divider ? texture2D(before, at * beforePlace.xy + beforePlace.zw).rgb
                                           : texture2D(after, at * afterPlace.xy + afterPlace.zw).rgb;
          if (tint.a > 0.0) {
            float covered = texture2D(mask, at * maskPlace.xy + maskPlace.zw).r;
            colour = mix(colour, tint.rgb, tint.a * covered);
          }
          sum += colour;
          hits += 1.0;
        }
      }
      if (hits == 0.0) discard;
      gl_FragColor = vec4(sum, hits) / float(taps * taps);
    }`;

  const LAYERS = ["after", "before", "mask"];
  const UNIFORMS = ["camera", "extent", "pixel", "taps", "divider", "tile", "tint", ...LAYERS,
                    ...LAYERS.map((name) => `${name}Place`)];
  const MAX_TAPS = 4;
  const MAX_PIXEL_RATIO = 2;
  // Limits of the field of view over the diagonal: wider stretches the corners over four times, narrower shows texels.
  const MIN_DIAGONAL = radians(12), MAX_DIAGONAL = radians(130), START_DIAGONAL = radians(100);

  function radians(degrees) { return degrees * Math.PI / 180; }
  function degrees(radians_) { return radians_ * 180 / Math.PI; }
  function clamp(value, low, high) { return Math.min(Math.max(value, low), high); }
  function wrapDegrees(angle) { return ((angle + 180) % 360 + 360) % 360 - 180; }

  function compile(gl) {
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "corner");
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const reasons = gl.getAttachedShaders(program).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`The graphics driver refused the shader: ${reasons.join(" ")}`);
    }
    return program;
  }

  class PanoramaView extends EventTarget {
    /* Options: maxTextureSize lowers the graphics driver's own limit (tests). Throws where WebGL is missing.
     * Events: "draw" before each drawing, "render" after it, "restore" after a lost context came back. */
    constructor(canvas, { maxTextureSize = Infinity } = {}) {
      super();
      this.canvas = canvas;
      this.gl = canvas.getContext("webgl", { alpha: false, antialias: false, depth: false });
      if (!this.gl) throw new Error("This browser cannot draw with WebGL.");
      this.maxTextureSize = maxTextureSize;
      this.layers = {};
      this.grids = [];                // of tiles, from the finest level to the coarsest
      this.frames = 0;                // how many were drawn: an idle page adds none
      this.moving = false;            // whether controls are turning it just now
      this.tint = [0.9, 0.1, 0.3, 0.5];
      this._yaw = this._pitch = 0;
      this._zoom = Math.tan(START_DIAGONAL / 2);   // tangent of half the diagonal field of view
      this._divider = 0.5;
      this._peek = false;
      this._ticket = 0;
      this._prepare();
      this._listen();
      this._resize();
    }

    get yaw() { return this._yaw; }
    set yaw(value) { this._yaw = wrapDegrees(value); this.requestRender(); }

    get pitch() { return this._pitch; }
    set pitch(value) { this._pitch = clamp(value, -90, 90); this.requestRender(); }

    get fov() { return degrees(2 * Math.atan(this._zoom * this.canvas.width / this._diagonal)); }
    set fov(value) { this.zoom = Math.tan(radians(value) / 2) * this._diagonal / this.canvas.width; }

    /* Tangent of half the diagonal field of view: what stays when the window changes its shape. */
    get zoom() { return this._zoom; }
    set zoom(value) {
      this._zoom = clamp(value, Math.tan(MIN_DIAGONAL / 2), Math.tan(MAX_DIAGONAL / 2));
      this.requestRender();
    }

    /* Where "before" ends, as a share of the width; `peek` shows "before" everywhere. */
    get divider() { return this._divider; }
    set divider(value) { this._divider = clamp(value, 0, 1); this.requestRender(); }

    get peek() { return this._peek; }
    set peek(value) { this._peek = Boolean(value); this.requestRender(); }

    get comparing() { return Boolean(this.layers.before); }

    reset({ yaw = 0, pitch = 0, fov = null } = {}) {
      this.yaw = yaw;
      this.pitch = pitch;
      if (fov === null) this.zoom = Math.tan(START_DIAGONAL / 2); else this.fov = fov;
    }

    /* Show other pictures: {after, before?, mask?}, each a Blob, image, canvas, raster or {picture, crop}.
     * Resolves to false when another load overtook this one. */
    async load(sources) {
      const ticket = ++this._ticket;
      const names = LAYERS.filter((name) => sources[name]);
      const decoded = await Promise.all(names.map((name) => PanoramaTiles.decode(sources[name])));
      if (ticket !== this._ticket) return false;
      this.tiles.remove(Object.values(this.layers));
      this.layers = Object.fromEntries(names.map((name, index) => [name, decoded[index]]));
      this.grids = this.tiles.cut(decoded);
      this.render();
      return true;
    }

    shows(raster) { return Object.values(this.layers).some(({ source }) => source === raster); }

    /* Upload a changed window {x, y, width, height} of a raster again, e.g. after a stroke of the mask. */
    update(name, changed) {
      this.tiles.update(this.layers[name], changed);
      this.requestRender();
    }

    screenToSphere(x, y) {
      const { right, up, forward, tangentX, tangentY } = this._camera();
      const a = (2 * x / this.canvas.clientWidth - 1) * tangentX;
      const b = (1 - 2 * y / this.canvas.clientHeight) * tangentY;
      const ray = forward.map((value, axis) => value + a * right[axis] + b * up[axis]);
      return { yaw: degrees(Math.atan2(ray[0], ray[2])),
               pitch: degrees(Math.atan2(ray[1], Math.hypot(ray[0], ray[2]))) };
    }

    /* Null when the direction lies behind the viewer. */
    sphereToScreen(yaw, pitch) { return this.projection()(yaw, pitch); }

    /* The same as a function, for many directions at once. */
    projection() {
      const { right, up, forward, tangentX, tangentY } = this._camera();
      const { clientWidth, clientHeight } = this.canvas;
      return (yaw, pitch) => {
        const level = Math.cos(radians(pitch));
        const x = level * Math.sin(radians(yaw)), y = Math.sin(radians(pitch)), z = level * Math.cos(radians(yaw));
        const depth = x * forward[0] + y * forward[1] + z * forward[2];
        if (depth <= 1e-9) return null;
        const across = (x * right[0] + y * right[1] + z * right[2]) / depth / tangentX;
        const upwards = (x * up[0] + y * up[1] + z * up[2]) / depth / tangentY;
        return { x: (across + 1) / 2 * clientWidth, y: (1 - upwards) / 2 * clientHeight };
      };
    }

    requestRender() {
      this._frame ??= requestAnimationFrame(() => this.render());
    }

    render() {
      this.dispatchEvent(new Event("draw"));
      if (this._frame) cancelAnimationFrame(this._frame);
      this._frame = null;
      const { gl, layers, uniforms } = this;
      if (gl.isContextLost()) return;
      gl.viewport(0, 0, this.canvas.width, this.canvas.height);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (layers.after) {
        const level = this._setUniforms();
        for (const index of PanoramaTiles.visible(this.grids[level], this._cone())) {
          gl.uniform4fv(uniforms.tile, layers.after.levels[level].tiles[index].bounds);
          LAYERS.forEach((name, unit) => this._bind(name, unit, level, index));
          gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
        }
      }
      this.frames += 1;
      this.dispatchEvent(new Event("render"));
    }

    /* The cone round the view, in radians. */
    _cone() {
      return { yaw: radians(this._yaw), pitch: radians(this._pitch), reach: Math.atan(this._zoom) + 0.01 };
    }

    get _diagonal() { return Math.hypot(this.canvas.width, this.canvas.height); }

    _camera() {
      const yaw = radians(this._yaw), pitch = radians(this._pitch);
      const [a, b, c, d] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
      return {
        right: [b, 0, -a], up: [-c * a, d, -c * b], forward: [d * a, c, d * b],
        tangentX: this._zoom * this.canvas.width / this._diagonal,
        tangentY: this._zoom * this.canvas.height / this._diagonal,
      };
    }

    /* Returns the level whose texels come closest to the size of a pixel. */
    _setUniforms() {
      const { gl, layers, uniforms, canvas } = this;
      const { right, up, forward, tangentX, tangentY } = this._camera();
      const shown = this._peek ? 1 : this._divider;
      const texelsPerPixel = layers.after.width / Math.PI * tangentX / canvas.width;
      const level = clamp(Math.round(Math.log2(texelsPerPixel)), 0, this.grids.length - 1);
      const left = layers.after.levels[level].picture.width / layers.after.width * texelsPerPixel;
      gl.uniformMatrix3fv(uniforms.camera, false, [...right, ...up, ...forward]);
      gl.uniform2f(uniforms.extent, tangentX, tangentY);
      gl.uniform2f(uniforms.pixel, 2 / canvas.width, 2 / canvas.height);
      gl.uniform1i(uniforms.taps, clamp(Math.ceil(left - 0.5), 1, MAX_TAPS));
      gl.uniform1f(uniforms.divider, layers.before ? 2 * shown - 1 : -2);
      gl.uniform4fv(uniforms.tint, layers.mask ? this.tint : [0, 0, 0, 0]);
      return level;
    }

    _bind(name, unit, level, index) {
      const { gl, uniforms } = this;
      const tile = (this.layers[name] ?? this.layers.after).levels[level].tiles[index];
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, tile.texture);
      gl.uniform1i(uniforms[name], unit);
      gl.uniform4fv(uniforms[`${name}Place`], tile.place);
    }

    _prepare() {
      const { gl } = this;
      this.tiles = new PanoramaTiles(gl, this.maxTextureSize);
      const program = compile(gl);
      gl.useProgram(program);
      this.uniforms = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
      gl.enableVertexAttribArray(0);
      gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE);
      gl.clearColor(0, 0, 0, 0);
    }

    _listen() {
      this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
      this.canvas.addEventListener("webglcontextrestored", async () => {
        const sources = Object.fromEntries(Object.entries(this.layers).map(([name, layer]) => [name, layer.source]));
        this.layers = {};
        this._prepare();
        await this.load(sources);
        this.dispatchEvent(new Event("restore"));
      });
      new ResizeObserver(() => this._resize()).observe(this.canvas);
    }

    _resize() {
      if (!this.canvas.clientWidth) return;                // hidden: it may come back as it was
      const ratio = Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO);
      const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
      const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
      if (width === this.canvas.width && height === this.canvas.height) return;
      this.canvas.width = width;
      this.canvas.height = height;
      this.render();               // at once: a resized canvas is empty until it is drawn
    }
  }

  window.PanoramaView = PanoramaView;
})();
