/* What the studio's page says: its state, the scene list, and which controls can be used.
 *
 *   const panel = new StudioPanel(session, { open: (number) => … });
 *   panel.state = "ready";
 *   panel.refresh("paint");
 *
 * Its state is in <html data-state>: loading, ready or error; what can be done with the scene, its mode, is in
 * <html data-mode>: paint, work or decide.
 */
"use strict";

(() => {
  const TOAST = 5000;                              // ms
  const ACTIVE = ["waiting", "working"];
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  class StudioPanel {
    constructor(session, { open }) {
      this.session = session;
      this.mode = "paint";
      this.hasShown = false;                       // whether the first scene stands
      this._fillIn();
      this._listScenes(open);
    }

    get isReady() { return root.dataset.state === "ready"; }

    set state(name) {
      root.dataset.state = name;
      byId("loading").hidden = name !== "loading";
      if (name === "ready") this.hasShown = true;  // the other scenes' small pictures can come now
      if (name !== "error") byId("message").hidden = true;
    }

    /* Say what keeps the scene from being shown. */
    tellTrouble(said) {
      this.hasShown = true;
      StudioPanel.fail(said);
      this.refresh(this.mode);
    }

    static fail(said) {
      root.dataset.state = "error";
      byId("loading").hidden = true;
      byId("message").firstElementChild.textContent = said;
      byId("message").hidden = false;
    }

    announce(said, isTrouble = false) {
      byId("status").textContent = said;
      const toast = byId("toast");
      toast.textContent = said;
      toast.classList.toggle("trouble", isTrouble);
      toast.hidden = false;
      clearTimeout(this._toastTimer);
      this._toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST);
    }

    /* Whether a scene has marks that can be erased now. */
    canErase(scene) {
      const busy = this.session.tasks.some((task) => task.scene === scene.number && ACTIVE.includes(task.state));
      return scene.shown > 0 && !scene.result && !scene.problem && !busy;
    }

    _fillIn() {
      const { tour } = this.session;
      byId("title").textContent = tour.title;
      document.title = `${tour.title} – Studio`;
      for (const quality of tour.qualities) {
        const name = { draft: "Draft, quick", standard: "Standard", fine: "Fine, by planes" }[quality] ?? quality;
        byId("quality").append(new Option(name, quality, false, quality === tour.quality));
      }
      if (tour.notes.length) this.announce(tour.notes.join(" · "), true);
    }

    _listScenes(open) {
      const { scenes } = this.session;
      byId("scenes").hidden = byId("spread").hidden = scenes.length < 2;
      for (const scene of scenes) {
        const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy", width: 136, height: 68 });
        const name = Object.assign(document.createElement("span"), { className: "name", textContent: scene.name });
        const state = Object.assign(document.createElement("span"), { className: "badge" });
        const button = Object.assign(document.createElement("button"), { type: "button", title: scene.name });
        button.append(image, name, state);
        button.addEventListener("click", () => open(scene.number));
        const item = document.createElement("li");
        item.append(button);
        byId("scenes").firstElementChild.append(item);
      }
    }

    _sceneState(scene) {
      const task = this.session.tasks.find((one) => one.scene === scene.number && ACTIVE.includes(one.state));
      if (scene.problem) return ["trouble", "cannot be read"];
      if (task) return ["busy", task.state === "waiting" ? "waiting" : "erasing"];
      if (scene.result) return ["ask", "to decide"];
      if (scene.shown) return ["marked", "marked"];
      if (scene.saved) return ["done", "saved"];
      return scene.accepted ? ["kept", "to save"] : ["", ""];
    }

    markScene() {
      const { session } = this;
      const several = session.scenes.length > 1;
      for (const id of ["sphere", "plane"]) byId(id).setAttribute("aria-label", session.scene.name);
      byId("place").textContent = several ? `${session.scene.name} · ${session.number + 1} of ${session.scenes.length}` : "";
      const current = byId("scenes").querySelector("[aria-current=true]");
      current?.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (several) byId("status").textContent = `Scene ${session.number + 1} of ${session.scenes.length}: ${session.scene.name}`;
    }

    /* Bring every control up to date with what can be done. */
    refresh(mode) {
      const { session } = this;
      const { scene, task } = session;
      this.mode = mode;
      if (!scene) return;
      const ready = this.isReady;
      root.dataset.mode = mode;
      byId("undo").disabled = !session.canUndo;
      byId("redo").disabled = !session.canRedo;
      const paints = ready && mode === "paint";
      for (const control of byId("painting").querySelectorAll("button, input")) control.disabled = !paints;
      byId("painting").hidden = byId("erasing").hidden = mode !== "paint";
      byId("working").hidden = mode !== "work";
      byId("deciding").hidden = byId("compare").hidden = mode !== "decide" || !ready;
      byId("erase").disabled = !paints || session.shown === 0;
      const others = session.scenes.filter((one) => this.canErase(one));
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
      if (this.hasShown && !scene.problem && image.getAttribute("src") !== source) image.src = source;
    }

    _showTask(task) {
      const bar = byId("progress");
      if (task.total > 1) Object.assign(bar, { max: task.total, value: task.done });
      else bar.removeAttribute("value");           // one hole: nothing to count, so it only shows that work goes on
      const ahead = this.session.tasks.filter((one) => ACTIVE.includes(one.state) && one.id < task.id).length;
      const told = task.state === "waiting" ? `Waiting, ${ahead} before it` : `${task.stage[0].toUpperCase()}${task.stage.slice(1)}`;
      byId("stage-shown").textContent = `${told} · ${Math.round(task.seconds)} s`;
    }

    _showResult({ quality, shadows_deg: shadows, seed, seconds, share }) {
      const asked = shadows ? `${quality}, shadows lifted within ${shadows}°` : quality;
      byId("result-shown").textContent = `${asked} · seed ${seed} · ${seconds.toFixed(1)} s · ${(share * 100).toFixed(1)} % of the sphere`;
    }
  }

  window.StudioPanel = StudioPanel;
})();
