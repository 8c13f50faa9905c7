/* The viewer page: joins the engine with the bar, the divider, the scene list and the keys.
 *
 * Reads its scenes from <script id="scenes-data"> and its pictures from <script id="picture-N">, each holding a
 * data URI, or from the scripts beside the page that scenes name, which put theirs into window.panoramaPictures.
 * The state of the page is in <html data-state>: loading, ready or error.
 */
"use strict";

(() => {
  const SMALL = window.matchMedia("(max-width: 560px), (max-height: 420px)");
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  function announce(text) { byId("status").textContent = text; }

  function tellTrouble(text, picture = null) {
    root.dataset.state = "error";
    byId("message").querySelector("p").textContent = text;
    const image = byId("message").querySelector("img");
    image.hidden = !picture;
    if (picture) image.src = picture;
    byId("message").hidden = false;
    byId("progress").hidden = true;
  }

  function toBytes(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const letters = atob(base64), bytes = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
    return bytes;
  }

  function toBlob(dataUri) {
    const comma = dataUri.indexOf(",");
    return new Blob([toBytes(dataUri.slice(comma + 1))], { type: dataUri.slice(5, dataUri.indexOf(";")) });
  }

  /* An element that the browser may not have come to yet: of a large page the first picture shows long before. */
  async function parsed(id) {
    while (document.readyState === "loading" && !byId(id)?.nextSibling) await new Promise(requestAnimationFrame);
    return byId(id);
  }

  /* The bytes of a picture, as a data URI. */
  async function fetchPicture({ index, file }) {
    if (!file) return (await parsed(`picture-${index}`)).textContent.trim();
    const script = Object.assign(document.createElement("script"), { src: file });
    await new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${decodeURIComponent(file)} is missing; it belongs beside this page.`));
      document.head.append(script);
    });
    script.remove();
    const name = file.split("/").at(-1), uri = window.panoramaPictures[name];
    delete window.panoramaPictures[name];
    return uri;
  }

  class Viewer {
    constructor({ title, scenes }) {
      this.scenes = scenes;
      this.index = 0;
      this.blobs = new Map();                            // pictures that were fetched, by their index
      byId("title").textContent = title;
      this._listScenes();
      try {
        this.view = new PanoramaView(byId("panorama"));
      } catch (error) {
        this.trouble = error.message;                    // scenes are shown flat then
        byId("tools").hidden = byId("help-button").hidden = true;
        return;
      }
      this.controls = new PanoramaControls(this.view);
      this.hotspots = new PanoramaHotspots(this.view, this.controls, byId("hotspots"));
      this.gyroscope = new PanoramaGyroscope(this.view);
      this._wireTools();
      this._wireGyroscope();
      this.comparison = new PanoramaComparison(() => this.view, {
        stage: byId("compare"), handle: byId("divider"), buttons: [byId("peek")],
      });
      this.comparison.divider = 0.5;
      this._wireKeys();
    }

    get scene() { return this.scenes[this.index]; }

    /* Show a scene, looked at as it says itself or as who comes from another one does. */
    async show(index, arrival = null) {
      this.index = index;
      const { scene, view } = this;
      this._markScene();
      if (this.trouble) { await this._showFlat(index); return; }
      this.controls.stop();
      this.comparison.peek = false;
      byId("compare").hidden = true;
      this.hotspots.show([]);
      this._setState("loading");
      this._look(arrival ?? scene.start);
      try {
        await view.load({ after: toBlob(scene.thumbnail) });        // something to see while the picture is decoded
        if (this.index !== index) return;
        const sources = await this._fetchSources(scene);
        if (this.index !== index || !await view.load(sources)) return;
      } catch (error) {
        if (this.index === index) tellTrouble(`“${scene.name}” could not be shown: ${error.message}`);
        return;
      }
      byId("compare").hidden = byId("peek").hidden = !view.comparing;
      this.hotspots.show(scene.hotspots.map((spot) => this._describe(spot)));
      this._setState("ready");
    }

    async _showFlat(index) {
      const flat = await fetchPicture(this.scene.panorama).catch(() => this.scenes[index].thumbnail);
      if (this.index !== index) return;
      tellTrouble(`${this.trouble} Below is the flat picture. Another browser, or switching on hardware `
        + "acceleration in this one, will show it all round.", flat);
    }

    lookHome() { this._look(this.scene.start); }

    /* A scene's field of view is meant for a wide screen; on a high one it goes for the height. */
    _look({ yaw, pitch, fov }) {
      const { clientWidth, clientHeight } = this.view.canvas;
      const across = (angle) => 2 * Math.atan(Math.tan(angle * Math.PI / 360) * clientWidth / clientHeight) * 180 / Math.PI;
      this.controls.glide({});
      this.view.reset({ yaw, pitch, fov: fov !== null && clientHeight > clientWidth ? across(fov) : fov });
    }

    _describe({ yaw, pitch, text, target, arrival = null }) {
      if (target === undefined) return { yaw, pitch, label: text };
      const act = () => {
        this.show(target, arrival);
        byId("panorama").focus({ focusVisible: false });     // the button goes with its scene
      };
      return { yaw, pitch, label: text || this.scenes[target].name, act };
    }

    async _fetchSources(scene) {
      const sources = { after: await this._fetchSource(scene.panorama) };
      if (scene.before) sources.before = await this._fetchSource(scene.before);
      return sources;
    }

    async _fetchSource(picture) {
      const { index, crop } = picture;
      if (!this.blobs.has(index)) this.blobs.set(index, toBlob(await fetchPicture(picture)));
      const blob = this.blobs.get(index);
      return crop ? { picture: blob, crop } : blob;
    }

    _setState(state) {
      root.dataset.state = state;
      byId("progress").hidden = state !== "loading";
      byId("message").hidden = true;
    }

    _listScenes() {
      const several = this.scenes.length > 1;
      byId("scenes-button").hidden = !several;
      for (const element of document.querySelectorAll(".if-scenes")) element.hidden = !several;
      const comparing = this.scenes.some((scene) => scene.before);
      for (const element of document.querySelectorAll(".if-compare")) element.hidden = !comparing;
      const marked = this.scenes.some((scene) => scene.hotspots.length);
      for (const element of document.querySelectorAll(".if-hotspots")) element.hidden = !marked;
      if (!several) return;
      this.scenes.forEach((scene, index) => byId("scenes").firstElementChild.append(this._sceneItem(scene, index)));
      byId("scenes-button").addEventListener("click", () => this._openScenes(byId("scenes").hidden));
      this._openScenes(!SMALL.matches);
    }

    _sceneItem(scene, index) {
      const image = Object.assign(document.createElement("img"), { src: scene.thumbnail, alt: "" });
      const name = Object.assign(document.createElement("span"), { className: "name", textContent: scene.name });
      const button = Object.assign(document.createElement("button"), { type: "button", title: scene.name });
      button.append(image, name);
      button.addEventListener("click", () => this.show(index));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }

    _openScenes(open) {
      byId("scenes").hidden = !open;
      byId("scenes-button").setAttribute("aria-expanded", open);
    }

    _markScene() {
      const { scene, scenes, index } = this;
      const several = scenes.length > 1;
      byId("panorama").setAttribute("aria-label", scene.name);
      byId("place").textContent = several ? `${scene.name} · ${index + 1} of ${scenes.length}` : "";
      byId("scenes").querySelectorAll("button").forEach((button, at) => {
        button.setAttribute("aria-current", at === index);
        if (at === index) button.scrollIntoView({ block: "nearest", inline: "nearest" });
      });
      if (several) announce(`Scene ${index + 1} of ${scenes.length}: ${scene.name}`);
    }

    _wireTools() {
      const { view, controls } = this;
      byId("zoom-in").addEventListener("click", () => controls.zoomBy(0.75));
      byId("zoom-out").addEventListener("click", () => controls.zoomBy(1 / 0.75));
      byId("autorotate").addEventListener("click", () => { controls.autorotate = !controls.autorotate; });
      view.addEventListener("autorotate", () => byId("autorotate").setAttribute("aria-pressed", controls.autorotate));
      byId("help-button").addEventListener("click", () => byId("help").showModal());
      byId("help-close").addEventListener("click", () => byId("help").close());
      byId("help").addEventListener("click", (event) => { if (event.target === byId("help")) byId("help").close(); });
      this._wireFullscreen();
    }

    _wireGyroscope() {
      const { gyroscope, view } = this;
      const button = byId("gyroscope");
      gyroscope.whenPresent(() => { button.hidden = false; });
      view.addEventListener("gyroscope", () => button.setAttribute("aria-pressed", gyroscope.running));
      button.addEventListener("click", async () => {
        if (gyroscope.running) { gyroscope.stop(); return; }
        this.controls.stop();
        if (!await gyroscope.start()) announce("This device's motion sensors may not be used.");
      });
    }

    _wireFullscreen() {
      byId("fullscreen").hidden = !document.fullscreenEnabled;
      byId("fullscreen").addEventListener("click", () => this.toggleFullscreen());
      document.addEventListener("fullscreenchange", () => {
        byId("fullscreen").setAttribute("aria-pressed", Boolean(document.fullscreenElement));
      });
    }

    toggleFullscreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (document.fullscreenEnabled) root.requestFullscreen().catch((error) => announce(error.message));
    }

    _wireKeys() {
      document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
        if (this._press(event)) event.preventDefault();
      });
      document.addEventListener("keyup", (event) => {
        if (event.key.toLowerCase() === "b") this.comparison.peek = false;
      });
    }

    _press(event) {
      const actions = {
        0: () => this.lookHome(), home: () => this.lookHome(),
        b: () => { this.comparison.peek = true; },
        f: () => this.toggleFullscreen(),
        r: () => { this.controls.autorotate = !this.controls.autorotate; },
        n: () => this._step(1), p: () => this._step(-1),
        "[": () => { this.comparison.move(-1); }, "]": () => { this.comparison.move(1); },
        "?": () => byId("help").showModal(),
      };
      const action = actions[event.key.toLowerCase()];
      if (!action) return this.controls.press(event.key);
      if (!event.repeat || "[]".includes(event.key)) action();
      return true;
    }

    _step(way) {
      const { length } = this.scenes;
      if (length > 1) this.show((this.index + way + length) % length);
    }
  }

  window.viewer = new Viewer(JSON.parse(byId("scenes-data").textContent));
  window.viewer.show(0);
})();
