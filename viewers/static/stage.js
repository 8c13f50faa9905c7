/* The two views of one scene, round and flat, of which one is shown: on both lie the same pictures and the same mask.
 *
 *   const stage = new StudioStage();
 *   await stage.load({ after: blob, mask });
 *   stage.toggleFlat();
 *
 * Where WebGL is missing there is only the flat view. A "view" event tells that the other view is shown.
 */
"use strict";

(() => {
  const TINT = 0.5;                                // how strongly the mask shows
  const byId = (id) => document.getElementById(id);

  class StudioStage extends EventTarget {
    constructor() {
      super();
      this.plane = new FlatView(byId("plane"));
      try {
        this.sphere = new PanoramaView(byId("sphere"));
      } catch (error) {
        this.trouble = error.message;
      }
      this.views = [this.sphere, this.plane].filter(Boolean);
      this._controls = new Map(this.views.map((view) => [view, new PanoramaControls(view)]));
      this.isMaskShown = true;
      for (const view of this.views) view.addEventListener("draw", () => this._bringMask(view));
      byId("flat").hidden = !this.sphere;
      this._use(this.views[0]);
      this._tint();
    }

    get controls() { return this._controls.get(this.view); }

    reset(look) {
      for (const view of this.views) view.reset(look);
      this.plane.reset();
    }

    /* Show pictures as views do, and a mask. Resolves to false when another load overtook this one. */
    load(sources) {
      this.sources = sources;
      this.loading = this.view.load(sources);
      return this.loading;
    }

    async toggleFlat() {
      if (!this.sphere) return;
      const from = this.view, to = from === this.sphere ? this.plane : this.sphere;
      this._use(to);
      to.divider = from.divider;
      to.yaw = from.yaw;
      if (to === this.sphere && from.zoom < 1) to.pitch = from.pitch;    // else all of the picture was seen
      this._tint();
      if (this.sources) await this.load(this.sources);
      to.canvas.focus({ focusVisible: false });
    }

    toggleMask() {
      this.isMaskShown = !this.isMaskShown;
      byId("mask").setAttribute("aria-pressed", this.isMaskShown);
      this._tint();
    }

    _use(view) {
      this.view = view;
      byId("sphere").hidden = view === this.plane;
      byId("plane").hidden = view !== this.plane;
      byId("flat").setAttribute("aria-pressed", view === this.plane);
      this.dispatchEvent(new Event("view"));
    }

    /* Bring what changed in the mask to a view that is about to draw: once a frame, however many moves it had. */
    _bringMask(view) {
      const mask = this.sources?.mask;
      if (!mask || view !== this.view || !view.shows(mask)) return;
      for (const box of mask.takeChanges()) view.update("mask", box);
    }

    _tint() {
      const strength = this.isMaskShown ? TINT : 0;
      if (this.sphere) this.sphere.tint = [0.96, 0.13, 0.35, strength];
      this.plane.maskOpacity = strength;
      this.view.requestRender();
    }
  }

  window.StudioStage = StudioStage;
})();
