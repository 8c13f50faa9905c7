/* The studio: joins session, stage, brush, panel and keys; what a person does with the scenes of a tour. */
"use strict";

(() => {
  const MASK_HEIGHT = 2048;                        // rows of the shown mask; Python draws at the picture's own
  const SMALLEST = 0.3, LARGEST = 60;              // brush radius at both ends of its slider, degrees
  const byId = (id) => document.getElementById(id);

  function text(value, digits = 1) { return `${Number(value.toFixed(digits))}°`; }

  /* Browsers compile what has run often: paint where nobody sees it, so that the first stroke does not stutter. */
  function warmUp() {
    const mask = new MarkMask(512);
    const points = Array.from({ length: 80 }, (_, step) => [step * 7 % 360 - 180, 60 * Math.sin(step / 9), 6]);
    mask.draw({ kind: "stroke", points, erase: false });
    mask.takeChanges();
  }

  class Studio {
    constructor(session) {
      this.session = session;
      this.mask = null;
      this.patches = new Map();                    // mark -> what it changed
      this.seed = 0;
      this.stage = new StudioStage();
      this.panel = new StudioPanel(session, { open: (number) => this.show(number) });
      this.brush = new Brush(byId("overlay"), {
        mask: () => (this.mode === "paint" && this.panel.isReady ? this.mask : null),
        finish: (mark, patch) => this._finish(mark, patch),
      });
      this.brush.attach(this.view, this.stage.controls);
      this.stage.addEventListener("view", () => this.brush.attach(this.view, this.stage.controls));
      this._wireTools();
      this._wirePanel();
      this.comparison = new PanoramaComparison(() => this.view, {
        stage: byId("compare"), handle: byId("divider"), buttons: [byId("peek"), byId("peek-original")],
      });
      this._wireSession();
      this.shortcuts = new StudioShortcuts(this);
      if (this.stage.trouble) this.panel.announce(`${this.stage.trouble} The flat view does all that is needed.`, true);
    }

    get view() { return this.stage.view; }

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
      this.panel.state = "loading";
      this.brush.abandon();
      try {
        await session.open(number);
        if (ticket !== this._ticket) return;
        this._refresh();
        this.panel.markScene();
        if (session.scene.problem) throw new Error(session.scene.problem);
        if (!keepView) {
          this.stage.reset(session.scene.view);
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
        if (ticket === this._ticket && !this._arrived) await this.stage.load({ after: blob });
      } catch (error) {
        this._fail(error, ticket);                 // making it reads the whole file, so the file is damaged
      }
    }

    _fail(error, ticket) {
      if (ticket !== this._ticket) return;
      this.panel.tellTrouble(`“${this.session.scene?.name ?? "The scene"}” could not be shown: ${error.message}`);
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
      const sources = { after: after.blob, before: before?.blob, mask: deciding ? null : this.mask };
      if (!await this.stage.load(sources) || ticket !== this._ticket) return;
      this.comparison.divider = deciding ? 0.5 : 0;
      this.comparison.peek = false;
      if (!this.panel.hasShown) setTimeout(warmUp);
      this.panel.state = "ready";
      this._refresh();
    }

    /* Draw all marks that count anew. */
    _redraw() {
      const { session, mask } = this;
      this.patches = new Map();
      mask.clear();
      session.marks.slice(0, session.shown).forEach((mark) => mask.draw(mark));
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
      this.panel.announce(said);
    }

    grow() {
      if (!this.session.isEditable || this.mask.isEmpty) return;
      this.brush.add({ kind: "grow", radius: Number(byId("grow").value) });
      this.panel.announce(`Mask grown by ${byId("grow").value} degrees`);
    }

    tripod() {
      if (!this.session.isEditable) return;
      this.brush.add({ kind: "stroke", points: [[0, -90, Number(byId("tripod").value)]], erase: false });
      this.panel.announce("Tripod marked at the nadir");
    }

    clear() {
      if (!this.session.isEditable || this.mask.isEmpty) return;
      this.brush.add({ kind: "clear" });
      this.panel.announce("Mask cleared");
    }

    /* ---- erasing ---- */

    async erase(numbers = [this.session.number]) {
      await this._try(async () => {
        this.brush.abandon();
        const [quality, shadows] = [byId("quality").value, Number(byId("shadows").value)];
        const tasks = await this.session.erase(numbers, { seed: this.seed, quality, shadows });
        this.panel.announce(`Erasing in ${tasks.length === 1 ? "this scene" : `${tasks.length} scenes`}`);
      });
    }

    async eraseAll() {
      const ready = this.session.scenes.filter((scene) => this.panel.canErase(scene));
      await this.erase(ready.map((scene) => scene.number));
    }

    async retry() {
      this.seed = (this.session.scene.result?.seed ?? this.seed) + 1;
      await this.erase();
    }

    async decide(decision, said) {
      await this._try(async () => {
        await this.session.decide(decision);
        this.panel.announce(said);
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
        this.panel.announce(names.length === 1 ? `Saved as ${names[0]}` : `Saved ${names.length} pictures, such as ${names[0]}`);
      });
      byId("save").textContent = "Save";
      this._refresh();
    }

    async spread() {
      await this._try(async () => {
        const { scenes, left_out: leftOut } = await this.session.spread();
        const rest = leftOut.length ? `; ${leftOut.length} are being decided or worked on and were left out` : "";
        this.panel.announce(`Marked the same in ${scenes.length} other scenes${rest}`);
      });
    }

    async _try(action) {
      try {
        await action();
      } catch (error) {
        this.panel.announce(error.message, true);
      }
    }

    toggleMask() {
      this.stage.toggleMask();
      this.panel.announce(this.stage.isMaskShown ? "The mask is shown" : "The mask is hidden");
    }

    _refresh() {
      this.panel.refresh(this.mode);
      this.brush.outline();                        // which there is only while there is something to paint on
    }

    /* ---- wiring ---- */

    _wireSession() {
      const { session } = this;
      session.addEventListener("marks", () => this._refresh());
      session.addEventListener("scenes", () => this._refresh());
      session.addEventListener("tasks", () => this._refresh());
      session.addEventListener("trouble", ({ detail }) => this.panel.announce(detail, true));
      session.addEventListener("recovery", () => this.panel.announce("The server answers again; nothing was lost"));
      session.addEventListener("conflict", () => this.show(session.number, { keepView: true }));
      session.addEventListener("decided", ({ detail }) => {
        if (detail !== session.number) return;
        if (session.scene.result) this.panel.announce("The result is ready to compare");
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
        document.documentElement.dataset.tool = this.brush.tool;
      };
      this.brush.addEventListener("tool", mark);
      mark();
      byId("undo").addEventListener("click", () => this.undo());
      byId("redo").addEventListener("click", () => this.redo());
      byId("flat").addEventListener("click", () => this.stage.toggleFlat());
      byId("mask").addEventListener("click", () => this.toggleMask());
      byId("zoom-in").addEventListener("click", () => this.stage.controls.zoomBy(0.75));
      byId("zoom-out").addEventListener("click", () => this.stage.controls.zoomBy(1 / 0.75));
      byId("help-button").addEventListener("click", () => byId("help").showModal());
      byId("help-close").addEventListener("click", () => byId("help").close());
      byId("help").addEventListener("click", (event) => { if (event.target === byId("help")) byId("help").close(); });
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
      for (const name of ["grow", "tripod", "shadows"]) {
        byId(name).addEventListener("input", () => { byId(`${name}-shown`).textContent = text(Number(byId(name).value), 2); });
      }
      const actions = {
        "grow-button": () => this.grow(), "tripod-button": () => this.tripod(), clear: () => this.clear(),
        spread: () => this.spread(), erase: () => this.erase(), "erase-all": () => this.eraseAll(),
        cancel: () => this.cancel(), accept: () => this.decide("accept", "Kept"), retry: () => this.retry(),
        discard: () => this.decide("discard", "Discarded; the marks are still there"),
        reopen: () => this.decide("reopen", "Taken back; its marks are shown"), save: () => this.save(),
      };
      for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
    }

    async cancel() {
      const { task } = this.session;
      if (!task) return;
      await this._try(async () => {
        await this.session.cancel(task);
        this.panel.announce("Cancelled");
      });
    }

    step(way) {
      const { scenes, number } = this.session;
      if (scenes.length > 1) this.show((number + way + scenes.length) % scenes.length);
    }
  }

  async function start() {
    try {
      window.studio = new Studio(await Session.start());
    } catch (error) {
      StudioPanel.fail(error.message);
      return;
    }
    const { session } = window.studio;
    const wanted = Number(new URLSearchParams(location.hash.slice(1)).get("scene"));
    await window.studio.show(wanted >= 0 && wanted < session.scenes.length ? wanted : 0);
  }

  document.addEventListener("DOMContentLoaded", start);
})();
