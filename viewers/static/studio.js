/* The studio's page: joins session, views and brush with the controls. Its state is in <html data-state>: loading,
 * ready or error; what can be done with the scene is in <html data-mode>: paint, work or decide.
 */
"use strict";

(() => {
  const SIZE_STEP = 1.15;
  const MASK_HEIGHT = 2048;                        // rows of the shown mask; Python draws at the picture's own
  const TINT = 0.5;                                // how strongly the mask shows
  const SMALLEST = 0.3, LARGEST = 60;              // brush radius at both ends of its slider, degrees
  const TOAST = 5000;                              // ms
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  function text(value, digits = 1) { return `${Number(value.toFixed(digits))}°`; }

  class Studio {
    constructor(session) {
      this.session = session;
      this.mask = null;
      this.patches = new Map();                    // mark -> what it changed
      this.seed = 0;
      this._hasShown = false;                      // whether the first scene stands
      this.sphere = new PanoramaView(byId("sphere"));
      this.sphereControls = new PanoramaControls(this.sphere);
      this.plane = new FlatView(byId("plane"));
      this.planeControls = new PanoramaControls(this.plane);
      this.brush = new Brush(byId("overlay"), {
        mask: () => (this.mode === "paint" && root.dataset.state === "ready" ? this.mask : null),
        finish: (mark, patch) => this._finish(mark, patch),
      });
      for (const view of [this.sphere, this.plane]) view.addEventListener("draw", () => this._bringMask(view));
      this._use(this.sphere);
      this._fillIn();
      this._listScenes();
      this._wireTools();
      this._wirePanel();
      this.comparison = new PanoramaComparison(() => this.view, {
        stage: byId("compare"), handle: byId("divider"), buttons: [byId("peek"), byId("peek-original")],
      });
      this._wireSession();
      document.addEventListener("keydown", (event) => this._keyDown(event));
      document.addEventListener("keyup", (event) => this._keyUp(event));
      window.addEventListener("blur", () => this._holdPan(false));
    }

    get mode() {
      const { scene, task } = this.session;
      if (task) return "work";
      return scene?.result ? "decide" : "paint";
    }

    /* Open a scene: as its thumbnail if that is there sooner, then as it is. */
    async show(number, { keepView = false } = {}) {
      const ticket = this._ticket = (this._ticket ?? 0) + 1;
      const { session } = this;
      this._arrived = false;                       // whether the scene's picture is here
      this._setState("loading");
      this.brush.abandon();
      try {
        await session.open(number);
        if (ticket !== this._ticket) return;
        this._markScene();
        if (session.scene.problem) throw new Error(session.scene.problem);
        if (!keepView) {
          const { yaw, pitch, fov } = session.scene.view;
          for (const view of [this.sphere, this.plane]) view.reset({ yaw, pitch, fov });
          this.plane.reset();
          this._showThumbnail(number, ticket);
        }
        await this._load(await this._fetchPictures(), ticket);
      } catch (error) {
        this._fail(error, ticket);
      }
    }

    async _showThumbnail(number, ticket) {
      try {
        const response = await fetch(this.session.thumbnail(number));
        if (!response.ok) throw new Error((await response.json()).error);
        const blob = await response.blob();
        if (ticket === this._ticket && !this._arrived) await this.view.load({ after: blob });
      } catch (error) {
        this._fail(error, ticket);                 // making it reads the whole file, so the file is damaged
      }
    }

    _fail(error, ticket) {
      if (ticket !== this._ticket) return;
      this._tellTrouble(`“${this.session.scene?.name ?? "The scene"}” could not be shown: ${error.message}`);
    }

    /* Fetch the scene's pictures: what it is now, to paint on, or the result; and what was before. */
    async _fetchPictures() {
      const { session } = this;
      const deciding = this.mode === "decide";
      const wanted = deciding ? ["result", "current"] : ["current", ...(session.scene.accepted ? ["original"] : [])];
      const [after, before] = await Promise.all(wanted.map((kind) => session.picture(kind)));
      return { deciding, after, before };
    }

    async _load({ deciding, after, before }, ticket) {
      if (ticket !== this._ticket) return;
      this._arrived = true;
      const height = Math.min(after.height, MASK_HEIGHT);
      if (this.mask?.height !== height) this.mask = new MarkMask(height);
      this._redraw();
      this.sources = { after: after.blob, ...(before ? { before: before.blob } : {}), ...(deciding ? {} : { mask: this.mask }) };
      if (!await this.view.load(this.sources) || ticket !== this._ticket) return;
      this.comparison.divider = deciding ? 0.5 : 0;
      this.comparison.peek = false;
      this._hasShown = true;                       // the other scenes' small pictures can come now
      this._setState("ready");
      this._refresh();
    }

    /* Draw all marks that count anew. */
    _redraw() {
      const { session, mask } = this;
      this.patches = new Map();
      mask.clear();
      session.marks.slice(0, session.shown).forEach((mark) => mask.draw(mark));
    }

    /* Bring what changed in the mask to a view that is about to draw: once a frame, however many moves it had. */
    _bringMask(view) {
      if (view !== this.view || !view.shows(this.mask)) return;
      for (const box of this.mask.takeChanges()) view.update("mask", box);
    }

    /* ---- marks ---- */

    _finish(mark, patch) {
      this.patches.set(mark, patch);
      this.session.add(mark);
    }

    undo() {
      const mark = this.session.undo();
      if (!mark) return;
      this.brush.abandon();
      const patch = this.patches.get(mark);
      if (patch) this.mask.undo(patch);
      else {
        this.mask.clear();
        this.session.marks.slice(0, this.session.shown).forEach((one) => this.mask.draw(one));
      }
      this._showMask("Undone");
    }

    redo() {
      const mark = this.session.redo();
      if (!mark) return;
      this.brush.abandon();
      this.mask.begin();
      this.mask.draw(mark);
      this.patches.set(mark, this.mask.end());
      this._showMask("Done again");
    }

    _showMask(said) {
      this.view.requestRender();
      this._announce(said);
    }

    grow() {
      if (!this.session.isEditable || this.mask.isEmpty) return;
      this.brush.add({ kind: "grow", radius: Number(byId("grow").value) });
      this._announce(`Mask grown by ${byId("grow").value} degrees`);
    }

    tripod() {
      if (!this.session.isEditable) return;
      this.brush.add({ kind: "stroke", points: [[0, -90, Number(byId("tripod").value)]], erase: false });
      this._announce("Tripod marked at the nadir");
    }

    clear() {
      if (!this.session.isEditable || this.mask.isEmpty) return;
      this.brush.add({ kind: "clear" });
      this._announce("Mask cleared");
    }

    /* ---- erasing ---- */

    async erase(numbers = [this.session.number]) {
      await this._try(async () => {
        this.brush.abandon();
        const tasks = await this.session.erase(numbers, { seed: this.seed, quality: byId("quality").value });
        this._announce(`Erasing in ${tasks.length === 1 ? "this scene" : `${tasks.length} scenes`}`);
      });
    }

    async eraseAll() {
      const ready = this.session.scenes.filter((scene) => this._isReady(scene));
      await this.erase(ready.map((scene) => scene.number));
    }

    async retry() {
      this.seed = (this.session.scene.result?.seed ?? this.seed) + 1;
      await this.erase();
    }

    async decide(decision, said) {
      await this._try(async () => {
        await this.session.decide(decision);
        this._announce(said);
        await this.show(this.session.number, { keepView: true });
      });
    }

    async save() {
      const { session } = this;
      const numbers = session.scenes.filter((scene) => scene.accepted && !scene.saved).map((scene) => scene.number);
      if (!numbers.length) return;
      byId("save").disabled = true;
      byId("save").textContent = "Saving…";
      await this._try(async () => {
        const saved = await session.save(numbers);
        const names = [...new Set(saved.map((one) => one.picture))];
        this._announce(names.length === 1 ? `Saved as ${names[0]}` : `Saved ${names.length} pictures, such as ${names[0]}`);
      });
      byId("save").textContent = "Save";
      this._refresh();
    }

    async spread() {
      await this._try(async () => {
        const { scenes, left_out: leftOut } = await this.session.spread();
        const rest = leftOut.length ? `; ${leftOut.length} are being decided or worked on and were left out` : "";
        this._announce(`Marked the same in ${scenes.length} other scenes${rest}`);
      });
    }

    async _try(action) {
      try {
        await action();
      } catch (error) {
        this._announce(error.message, true);
      }
    }

    _isReady(scene) {
      const busy = this.session.tasks.some((task) => task.scene === scene.number && ["waiting", "working"].includes(task.state));
      return scene.shown > 0 && !scene.result && !scene.problem && !busy;
    }

    /* ---- views ---- */

    _use(view) {
      const flat = view === this.plane;
      this.view = view;
      byId("sphere").hidden = flat;
      byId("plane").hidden = !flat;
      byId("flat").setAttribute("aria-pressed", flat);
      this.controls = flat ? this.planeControls : this.sphereControls;
      this.brush.attach(view, this.controls);
    }

    async toggleFlat() {
      const from = this.view, to = from === this.sphere ? this.plane : this.sphere;
      this._use(to);
      to.divider = from.divider;
      to.yaw = from.yaw;
      if (to === this.sphere) to.pitch = from.pitch;
      this._tint();
      if (this.sources) await to.load(this.sources);
      to.canvas.focus({ focusVisible: false });
    }

    toggleMask() {
      byId("mask").setAttribute("aria-pressed", byId("mask").getAttribute("aria-pressed") !== "true");
      this._tint();
      this._announce(this._maskShown ? "The mask is shown" : "The mask is hidden");
    }

    get _maskShown() { return byId("mask").getAttribute("aria-pressed") === "true"; }

    _tint() {
      this.sphere.tint = [0.96, 0.13, 0.35, this._maskShown ? TINT : 0];
      this.plane.maskOpacity = this._maskShown ? TINT : 0;
      this.view.requestRender();
    }

    /* ---- the page ---- */

    _setState(state) {
      root.dataset.state = state;
      byId("loading").hidden = state !== "loading";
      if (state !== "error") byId("message").hidden = true;
    }

    _tellTrouble(said) {
      this._setState("error");
      byId("message").firstElementChild.textContent = said;
      byId("message").hidden = false;
      this._hasShown = true;
      this._refresh();
    }

    _announce(said, isTrouble = false) {
      byId("status").textContent = said;
      const toast = byId("toast");
      toast.textContent = said;
      toast.classList.toggle("trouble", isTrouble);
      toast.hidden = false;
      clearTimeout(this._toastTimer);
      this._toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST);
    }

    _fillIn() {
      const { tour } = this.session;
      byId("title").textContent = tour.title;
      document.title = `${tour.title} – Studio`;
      for (const quality of tour.qualities) {
        const name = { draft: "Draft: quick and soft", standard: "Standard", fine: "Fine: by the room's planes" }[quality] ?? quality;
        byId("quality").append(new Option(name, quality, false, quality === tour.quality));
      }
      if (tour.notes.length) this._announce(tour.notes.join(" · "), true);
    }

    _listScenes() {
      const { scenes } = this.session;
      byId("scenes").hidden = byId("spread").hidden = scenes.length < 2;
      for (const scene of scenes) {
        const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy", width: 136, height: 68 });
        const name = Object.assign(document.createElement("span"), { className: "name", textContent: scene.name });
        const state = Object.assign(document.createElement("span"), { className: "badge" });
        const button = Object.assign(document.createElement("button"), { type: "button", title: scene.name });
        button.append(image, name, state);
        button.addEventListener("click", () => this.show(scene.number));
        const item = document.createElement("li");
        item.append(button);
        byId("scenes").firstElementChild.append(item);
      }
    }

    _sceneState(scene) {
      const task = this.session.tasks.find((one) => one.scene === scene.number && ["waiting", "working"].includes(one.state));
      if (scene.problem) return ["trouble", "cannot be read"];
      if (task) return ["busy", task.state === "waiting" ? "waiting" : "erasing"];
      if (scene.result) return ["ask", "to decide"];
      if (scene.shown) return ["marked", "marked"];
      if (scene.saved) return ["done", "saved"];
      return scene.accepted ? ["kept", "to save"] : ["", ""];
    }

    _markScene() {
      const { session } = this;
      const several = session.scenes.length > 1;
      for (const id of ["sphere", "plane"]) byId(id).setAttribute("aria-label", session.scene.name);
      byId("place").textContent = several ? `${session.scene.name} · ${session.number + 1} of ${session.scenes.length}` : "";
      this._refresh();
      const current = byId("scenes").querySelector("[aria-current=true]");
      current?.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (several) byId("status").textContent = `Scene ${session.number + 1} of ${session.scenes.length}: ${session.scene.name}`;
    }

    /* Bring every control up to date with what can be done. */
    _refresh() {
      const { session, mode } = this;
      const { scene, task } = session;
      if (!scene) return;
      const ready = root.dataset.state === "ready";
      root.dataset.mode = mode;
      byId("undo").disabled = !session.canUndo;
      byId("redo").disabled = !session.canRedo;
      const paints = ready && mode === "paint";
      for (const control of byId("painting").querySelectorAll("button, input")) control.disabled = !paints;
      byId("painting").hidden = byId("erasing").hidden = mode !== "paint";
      byId("working").hidden = mode !== "work";
      byId("deciding").hidden = byId("compare").hidden = mode !== "decide" || !ready;
      byId("erase").disabled = !paints || session.shown === 0;
      const others = session.scenes.filter((one) => this._isReady(one));
      byId("erase-all").hidden = others.length < 2;
      byId("reopen").hidden = byId("peek-original").hidden = !scene.accepted;
      byId("save").disabled = !session.scenes.some((one) => one.accepted && !one.saved);
      byId("saved-shown").hidden = !scene.saved;
      byId("saved-shown").textContent = scene.saved ? `Saved as ${scene.saved.picture}` : "";
      if (task) this._showTask(task);
      if (scene.result) this._showResult(scene.result);
      session.scenes.forEach((one, index) => this._refreshItem(one, byId("scenes").querySelectorAll("button")[index]));
    }

    _refreshItem(scene, button) {
      const [kind, said] = this._sceneState(scene);
      button.setAttribute("aria-current", scene.number === this.session.number);
      const badge = button.querySelector(".badge");
      badge.textContent = said;
      badge.dataset.kind = kind;
      badge.hidden = !said;
      const source = this.session.thumbnail(scene.number);
      const image = button.querySelector("img");
      if (this._hasShown && !scene.problem && image.getAttribute("src") !== source) image.src = source;
    }

    _showTask(task) {
      const bar = byId("progress");
      if (task.total > 1) Object.assign(bar, { max: task.total, value: task.done });
      else bar.removeAttribute("value");           // one hole: nothing to count, so it only shows that work goes on
      const ahead = this.session.tasks.filter((one) => ["waiting", "working"].includes(one.state) && one.id < task.id).length;
      const told = task.state === "waiting" ? `Waiting, ${ahead} before it` : `${task.stage[0].toUpperCase()}${task.stage.slice(1)}`;
      byId("stage-shown").textContent = `${told} · ${Math.round(task.seconds)} s`;
    }

    _showResult({ quality, seed, seconds, share }) {
      byId("result-shown").textContent = `${quality} · seed ${seed} · ${seconds.toFixed(1)} s · ${(share * 100).toFixed(1)} % of the sphere`;
    }

    /* ---- wiring ---- */

    _wireSession() {
      const { session } = this;
      session.addEventListener("marks", () => this._refresh());
      session.addEventListener("scenes", () => this._refresh());
      session.addEventListener("tasks", () => this._refresh());
      session.addEventListener("trouble", ({ detail }) => this._announce(detail, true));
      session.addEventListener("conflict", () => this.show(session.number, { keepView: true }));
      session.addEventListener("decided", ({ detail }) => {
        if (detail !== session.number) return;
        if (session.scene.result) this._announce("The result is ready to compare");
        this.show(session.number, { keepView: true });
      });
    }

    _wireTools() {
      for (const button of byId("tools").querySelectorAll("[data-tool]")) {
        button.addEventListener("click", () => { this.brush.tool = button.dataset.tool; });
      }
      const mark = () => {
        for (const button of byId("tools").querySelectorAll("[data-tool]")) {
          button.setAttribute("aria-pressed", button.dataset.tool === this.brush.tool);
        }
        root.dataset.tool = this.brush.tool;
      };
      this.brush.addEventListener("tool", mark);
      mark();
      byId("undo").addEventListener("click", () => this.undo());
      byId("redo").addEventListener("click", () => this.redo());
      byId("flat").addEventListener("click", () => this.toggleFlat());
      byId("mask").addEventListener("click", () => this.toggleMask());
      byId("zoom-in").addEventListener("click", () => this.controls.zoomBy(0.75));
      byId("zoom-out").addEventListener("click", () => this.controls.zoomBy(1 / 0.75));
      byId("help-button").addEventListener("click", () => byId("help").showModal());
      byId("help-close").addEventListener("click", () => byId("help").close());
      byId("help").addEventListener("click", (event) => { if (event.target === byId("help")) byId("help").close(); });
      this._tint();
    }

    _wirePanel() {
      const size = byId("size"), scale = Math.log(LARGEST / SMALLEST) / 100;
      size.addEventListener("input", () => { this.brush.size = SMALLEST * Math.exp(size.value * scale); });
      const showSize = () => {
        byId("size-shown").textContent = text(this.brush.size);
        size.value = Math.log(this.brush.size / SMALLEST) / scale;
        size.setAttribute("aria-valuetext", `${this.brush.size.toFixed(1)} degrees`);
      };
      this.brush.addEventListener("size", showSize);
      showSize();
      for (const name of ["grow", "tripod"]) {
        byId(name).addEventListener("input", () => { byId(`${name}-shown`).textContent = text(Number(byId(name).value), 2); });
      }
      const actions = {
        "grow-button": () => this.grow(), "tripod-button": () => this.tripod(), clear: () => this.clear(),
        spread: () => this.spread(), erase: () => this.erase(), "erase-all": () => this.eraseAll(),
        cancel: () => this._cancel(), accept: () => this.decide("accept", "Kept"), retry: () => this.retry(),
        discard: () => this.decide("discard", "Discarded; the marks are still there"),
        reopen: () => this.decide("reopen", "Taken back; its marks are shown"), save: () => this.save(),
      };
      for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
    }

    async _cancel() {
      const { task } = this.session;
      if (task) await this._try(() => this.session.cancel(task));
      this._announce("Cancelled");
    }

    _holdPan(held) {
      this.brush.panning = held;
      root.classList.toggle("panning", held);
      this.brush.outline();
    }

    _keyDown(event) {
      if (byId("help").open) return;
      const onField = event.target.matches("select, input:not([type=range])");
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const command = event.ctrlKey || event.metaKey;
      if (event.altKey) return;
      const action = command ? this._commandKey(key, event.shiftKey) : !onField && this._plainKey(key, event);
      if (!action) return;
      event.preventDefault();
      action();
    }

    _commandKey(key, shift) {
      return {
        z: () => (shift ? this.redo() : this.undo()), y: () => this.redo(), s: () => this.save(),
        Enter: () => { if (!byId("erase").disabled && this.mode === "paint") this.erase(); },
      }[key];
    }

    _plainKey(key, event) {
      const { brush, session } = this;
      const onCanvas = event.target === this.view.canvas;
      const tool = (name) => () => { brush.tool = name; };
      const deciding = this.mode === "decide" && root.dataset.state === "ready" && !event.repeat;
      const keys = {
        v: tool("pan"), b: tool("brush"), e: tool("eraser"), l: tool("lasso"),
        "[": () => { brush.size /= SIZE_STEP; }, "]": () => { brush.size *= SIZE_STEP; },
        m: () => this.toggleMask(), f: () => this.toggleFlat(), g: () => this.grow(), t: () => this.tripod(),
        Delete: () => this.clear(), Backspace: () => this.clear(), "?": () => byId("help").showModal(),
        n: () => this._step(1), p: () => this._step(-1), o: () => { this.comparison.peek = true; },
        Escape: () => { if (brush.active) brush.abandon(); else if (session.task) this._cancel(); },
        ...(deciding ? { a: () => byId("accept").click(), r: () => byId("retry").click(), d: () => byId("discard").click() } : {}),
        ...(onCanvas ? { Enter: () => this._stamp(event.shiftKey), " ": () => this._holdPan(true) } : {}),
        ...(event.target === document.body ? { " ": () => this._holdPan(true) } : {}),
      };
      if (keys[key]) return keys[key];
      return event.target.closest("#tools, #panel, #bar, #scenes") ? null : this._turnKey(event.key);
    }

    _turnKey(key) {
      return /^(Arrow|[-+=_]$)/.test(key) ? () => this.controls.press(key) : null;
    }

    _stamp(joined) {
      const done = this.brush.stamp(joined);
      const said = { painted: "Painted", joined: "Painted on", corner: "Corner set", closed: "Lasso closed" }[done];
      if (said) this._announce(said);
    }

    _keyUp(event) {
      if (event.key === " ") this._holdPan(false);
      if (event.key.toLowerCase() === "o") this.comparison.peek = false;
    }

    _step(way) {
      const { scenes, number } = this.session;
      if (scenes.length > 1) this.show((number + way + scenes.length) % scenes.length);
    }
  }

  async function start() {
    try {
      window.studio = new Studio(await Session.start());
    } catch (error) {
      root.dataset.state = "error";
      byId("message").firstElementChild.textContent = error.message;
      byId("message").hidden = false;
      return;
    }
    const { session } = window.studio;
    const wanted = Number(new URLSearchParams(location.hash.slice(1)).get("scene"));
    await window.studio.show(wanted >= 0 && wanted < session.scenes.length ? wanted : 0);
  }

  document.addEventListener("DOMContentLoaded", start);
})();
