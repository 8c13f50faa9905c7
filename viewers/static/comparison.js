/* Before and after in one view: a divider that is dragged or moved by keys, and holding to see the original.
 *
 *   const comparison = new PanoramaComparison(() => view, { stage, handle, buttons });
 *
 * The view is asked for each time, for a page may have several. `stage` gets the divider's place as the property
 * --at and the class "peeking"; `handle` is a slider, `buttons` show the original while they are held.
 */
"use strict";

(() => {
  const STEP = 0.02;
  const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5,
                 Home: -Infinity, End: Infinity };

  class PanoramaComparison {
    constructor(viewOf, { stage, handle, buttons }) {
      Object.assign(this, { viewOf, stage, handle, buttons });
      this._wireHandle();
      for (const button of buttons) this._wireButton(button);
      window.addEventListener("blur", () => { this.peek = false; });    // the key's release goes elsewhere
    }

    /* The share of the view's width that shows before. */
    get divider() { return this.viewOf().divider; }
    set divider(share) {
      const view = this.viewOf();
      view.divider = share;
      const percent = Math.round(view.divider * 100);
      this.stage.style.setProperty("--at", `${view.divider * 100}%`);
      this.handle.setAttribute("aria-valuenow", percent);
      this.handle.setAttribute("aria-valuetext", `${percent} percent before`);
    }

    /* Whether before is shown all over. */
    get peek() { return this.viewOf().peek; }
    set peek(shown) {
      const view = this.viewOf();
      view.peek = shown && view.comparing;
      for (const button of this.buttons) button.setAttribute("aria-pressed", view.peek);
      this.stage.classList.toggle("peeking", view.peek);
    }

    /* Move the divider by so many steps. */
    move(steps) { this.divider += steps * STEP; }

    _wireHandle() {
      const { handle } = this;
      handle.addEventListener("pointerdown", (event) => {
        handle.setPointerCapture(event.pointerId);
        event.preventDefault();
        handle.focus({ focusVisible: false });
      });
      handle.addEventListener("pointermove", (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const box = this.viewOf().canvas.getBoundingClientRect();
        this.divider = (event.clientX - box.left) / box.width;
      });
      handle.addEventListener("keydown", (event) => {
        if (!(event.key in KEYS)) return;
        this.move(KEYS[event.key]);
        event.preventDefault();
        event.stopPropagation();
      });
    }

    /* A pointer holds; a keyboard or a screen reader, which click without pointer events, toggle. */
    _wireButton(button) {
      button.addEventListener("pointerdown", (event) => {
        button.setPointerCapture(event.pointerId);
        this.peek = true;
      });
      for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, () => { this.peek = false; });
      button.addEventListener("click", (event) => { if (event.detail === 0) this.peek = !this.peek; });
      button.addEventListener("contextmenu", (event) => event.preventDefault());    // what a long touch opens
    }
  }

  window.PanoramaComparison = PanoramaComparison;
})();
