/* Panoramas as textures: decoded, copied smaller, and cut into tiles that the graphics driver takes.
 *
 *   const tiles = new PanoramaTiles(gl, limit);
 *   const layer = await PanoramaTiles.decode(picture);
 *   const grids = tiles.cut([layer]);          // layer.levels[level].tiles[index] = {texture, place, bounds, …}
 *
 * A tile carries a margin of its neighbours, round the sphere and over the poles, so that no edge shows.
 */
"use strict";

(() => {
  const MARGIN = 1;                 // texels of the neighbouring tile that bilinear sampling needs
  const STRIP = 1024;               // rows uploaded at once: bounds the scratch canvas (iOS refuses over 16 MP)
  const SMALLEST = 2048;            // width under which no smaller copy is kept

  /* A layer ready to be cut: its picture and smaller copies, each {bitmap, width, height, left, top} with the size of
   * the whole sphere and the picture's place on it. Rasters {data, width, height}, a Uint8Array of one byte a pixel
   * that may change, stay what they are; everything else is decoded. */
  async function decode(source) {
    const { picture, crop = null } = source.picture ? source : { picture: source };
    const live = isRaster(picture);
    const bitmap = live ? picture : await createImageBitmap(picture);
    const { left, top, width, height } = crop ?? { left: 0, top: 0, width: bitmap.width, height: bitmap.height };
    const pictures = [{ bitmap, left, top, width, height }];
    while (!live) {
      const smaller = await halve(pictures.at(-1));
      if (!smaller) break;
      pictures.push(smaller);
    }
    return { source, pictures, levels: [], width, height };
  }

  function isRaster(picture) { return picture.data instanceof Uint8Array; }
  function modulo(value, size) { return ((value % size) + size) % size; }

  /* Every 2 x 2 texels become one, so that a wide view neither flickers nor reads 16 texels per pixel. WebGL 1 makes
   * such copies itself only for powers of two, and would bleed over the seam. Null for odd and for small pictures. */
  async function halve({ bitmap, left, top, width, height }) {
    const odd = [bitmap.width, bitmap.height, left, top, width, height].some((side) => side % 2);
    if (odd || width / 2 < SMALLEST) return null;
    const size = { resizeWidth: bitmap.width / 2, resizeHeight: bitmap.height / 2, resizeQuality: "low" };
    return { bitmap: await createImageBitmap(bitmap, size),
             left: left / 2, top: top / 2, width: width / 2, height: height / 2 };
  }

  /* Draw a window of the picture's endless continuation: round the sphere sideways, half a turn on over a pole. */
  function drawWindow(context, picture, x, y, width, height) {
    const { bitmap, left, top } = picture;
    context.fillStyle = "black";
    context.fillRect(0, 0, width, height);
    for (const turn of [-picture.width, 0, picture.width]) {
      const at = left - x + turn;
      if (at < width && at + bitmap.width > 0) context.drawImage(bitmap, at, top - y);
    }
    const over = [[-1, 0], [picture.height, picture.height - 1]];
    for (const [outside, inside] of over) {
      const row = inside - top;
      if (outside < y || outside >= y + height || row < 0 || row >= bitmap.height) continue;
      for (const turn of [-picture.width, 0]) {
        const at = left - x + turn + Math.round(picture.width / 2);
        context.drawImage(bitmap, 0, row, bitmap.width, 1, at, outside - y, bitmap.width, 1);
      }
    }
  }

  /* The same window of a raster's bytes. */
  function readWindow({ data, width: across, height: down }, x, y, width, height) {
    const bytes = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const at = y + row, over = at < 0 || at >= down;
      const start = (at < 0 ? -1 - at : over ? 2 * down - 1 - at : at) * across;
      let column = modulo(x + (over ? Math.round(across / 2) : 0), across);
      for (let done = 0; done < width; column = 0) {
        const part = data.subarray(start + column, start + Math.min(across, column + width - done));
        bytes.set(part, row * width + done);
        done += part.length;
      }
    }
    return bytes;
  }

  /* Tiles that the cone round the view can reach: a cap of radius r at latitude p spans asin(sin r / cos p) of
   * longitude to each side, and all of it once it holds a pole. */
  function visibleTiles({ columns, rows }, { yaw, pitch, reach }) {
    const polar = Math.abs(pitch) + reach >= Math.PI / 2;
    const span = polar ? Math.PI : Math.asin(Math.min(1, Math.sin(reach) / Math.cos(pitch)));
    const seen = [];
    for (let index = 0; index < columns * rows; index++) {
      const column = index % columns, row = Math.floor(index / columns);
      const north = Math.PI * (0.5 - row / rows), south = Math.PI * (0.5 - (row + 1) / rows);
      const middle = 2 * Math.PI * ((column + 0.5) / columns - 0.5);
      const apart = Math.abs(Math.atan2(Math.sin(middle - yaw), Math.cos(middle - yaw)));
      const beside = apart <= span + Math.PI / columns;
      if (beside && pitch - reach <= north && pitch + reach >= south) seen.push(index);
    }
    return seen;
  }

  class PanoramaTiles {
    /* maxTextureSize: longest side of a texture; the graphics driver's own limit if it is smaller. */
    constructor(gl, maxTextureSize = Infinity) {
      this.gl = gl;
      this.maxTextureSize = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE), maxTextureSize);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);      // rows of a raster follow each other without a gap
    }

    /* Cut all layers, level by level: on each level one grid for all, each cut in proportion to its own size.
     * Returns the grids {columns, rows}, from the finest level to the coarsest. */
    cut(layers) {
      const widest = layers.reduce((a, b) => (b.width > a.width ? b : a));
      const grids = widest.pictures.map(({ width }) => {
        const chosen = layers.map(({ pictures }) => pictures.find((one) => one.width <= width) ?? pictures.at(-1));
        const grid = this._chooseGrid(chosen);
        layers.forEach((layer, index) => layer.levels.push(this._buildLevel(layer, chosen[index], grid)));
        return grid;
      });
      for (const { bitmap } of layers.flatMap((layer) => layer.pictures)) {
        if (bitmap instanceof ImageBitmap) bitmap.close();   // the decoded copies are the largest of all
      }
      return grids;
    }

    remove(layers) {
      for (const { tiles } of layers.flatMap((layer) => layer.levels)) {
        for (const { texture } of tiles) this.gl.deleteTexture(texture);
      }
    }

    /* Upload a changed window {x, y, width, height} of a layer's raster again. */
    update(layer, changed) {
      for (const { picture, tiles } of new Set(layer.levels)) {
        for (const tile of tiles) this._updateTile(picture, tile, changed);
      }
    }

    _updateTile(picture, tile, { x, y, width, height }) {
      for (const turn of [-picture.width, 0, picture.width]) {
        const left = Math.max(x + turn, tile.x), right = Math.min(x + turn + width, tile.x + tile.width);
        const top = Math.max(y, tile.y), bottom = Math.min(y + height, tile.y + tile.height);
        if (left < right && top < bottom) this._upload(picture, tile, left, top, right - left, bottom - top);
      }
      for (const [outside, inside] of [[-1, 0], [picture.height, picture.height - 1]]) {
        if (y > inside || y + height <= inside || outside < tile.y || outside >= tile.y + tile.height) continue;
        this._upload(picture, tile, tile.x, outside, tile.width, 1);   // a pole's row shows half a turn away
      }
    }

    _chooseGrid(pictures) {
      const limit = this.maxTextureSize - 2 * MARGIN - 2;
      return { columns: Math.max(...pictures.map(({ width }) => Math.ceil(width / limit))),
               rows: Math.max(...pictures.map(({ height }) => Math.ceil(height / limit))) };
    }

    _buildLevel(layer, picture, grid) {
      const last = layer.levels.at(-1);
      const again = last && last.picture === picture;
      if (again && last.grid.columns === grid.columns && last.grid.rows === grid.rows) return last;
      const tiles = [];
      for (let index = 0; index < grid.columns * grid.rows; index++) tiles.push(this._buildTile(picture, grid, index));
      return { picture, grid, tiles };
    }

    _buildTile(picture, grid, index) {
      const { gl } = this;
      const column = index % grid.columns, row = Math.floor(index / grid.columns);
      const x = Math.floor(column * picture.width / grid.columns) - MARGIN;
      const y = Math.floor(row * picture.height / grid.rows) - MARGIN;
      const width = Math.ceil((column + 1) * picture.width / grid.columns) + MARGIN - x;
      const height = Math.ceil((row + 1) * picture.height / grid.rows) + MARGIN - y;
      const tile = {
        x, y, width, height, texture: gl.createTexture(),
        place: [picture.width / width, picture.height / height, -x / width, -y / height],
        // The outermost tiles reach beyond the picture so that rounding at the seam leaves no pixel out.
        bounds: [column === 0 ? -1 : column / grid.columns, row === 0 ? -1 : row / grid.rows,
                 column + 1 === grid.columns ? 2 : (column + 1) / grid.columns,
                 row + 1 === grid.rows ? 2 : (row + 1) / grid.rows],
      };
      gl.bindTexture(gl.TEXTURE_2D, tile.texture);
      for (const [name, value] of [["WRAP_S", "CLAMP_TO_EDGE"], ["WRAP_T", "CLAMP_TO_EDGE"],
                                   ["MIN_FILTER", "LINEAR"], ["MAG_FILTER", "LINEAR"]]) {
        gl.texParameteri(gl.TEXTURE_2D, gl[`TEXTURE_${name}`], gl[value]);
      }
      const format = isRaster(picture.bitmap) ? gl.LUMINANCE : gl.RGBA;
      gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, format, gl.UNSIGNED_BYTE, null);
      if (grid.columns * grid.rows === 1 && picture.bitmap instanceof ImageBitmap) this._uploadWhole(picture, tile);
      else this._upload(picture, tile, x, y, width, height);
      return tile;
    }

    /* Upload a picture that is one tile as it is, and then its margins: twice as fast as through a canvas. */
    _uploadWhole(picture, tile) {
      const { gl } = this;
      const { bitmap, left, top, width, height } = picture;
      gl.texSubImage2D(gl.TEXTURE_2D, 0, left - tile.x, top - tile.y, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      for (const x of [-MARGIN, width]) this._upload(picture, tile, x, tile.y, MARGIN, tile.height);
      for (const y of [-MARGIN, height]) this._upload(picture, tile, tile.x, y, tile.width, MARGIN);
    }

    _upload(picture, tile, x, y, width, height) {
      const { gl } = this;
      if (isRaster(picture.bitmap)) {
        const bytes = readWindow(picture.bitmap, x, y, width, height);
        gl.bindTexture(gl.TEXTURE_2D, tile.texture);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, x - tile.x, y - tile.y, width, height, gl.LUMINANCE, gl.UNSIGNED_BYTE, bytes);
        return;
      }
      const scratch = document.createElement("canvas");
      scratch.width = width;
      scratch.height = Math.min(height, STRIP);
      const context = scratch.getContext("2d", { alpha: false, willReadFrequently: true });
      gl.bindTexture(gl.TEXTURE_2D, tile.texture);
      for (let top = y; top < y + height; top += STRIP) {
        scratch.height = Math.min(STRIP, y + height - top);
        context.imageSmoothingEnabled = false;
        drawWindow(context, picture, x, top, width, scratch.height);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, x - tile.x, top - tile.y, gl.RGBA, gl.UNSIGNED_BYTE, scratch);
      }
    }
  }

  window.PanoramaTiles = Object.assign(PanoramaTiles, { decode, visible: visibleTiles });
})();
