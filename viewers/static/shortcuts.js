/* The studio's keys; what they are called is in the page's help.
 *
 *   new StudioShortcuts(studio);
 *
 * Keys that turn the view are left to controls while those have the focus, and all keys to fields.
 */
"use strict";

(() => {
  const SIZE_STEP = 1.15;
  const byId = (id) => document.getElementById(id);

  class StudioShortcuts {
    constructor(studio) {
      this.studio = studio;
      document.addEventListener("keydown", (event) => this._keyDown(event));
      document.addEventListener("keyup", (event) => this._keyUp(event));
      window.addEventListener("blur", () => this._holdPan(false));
    }

    _holdPan(held) {
      this.studio.brush.panning = held;
      document.documentElement.classList.toggle("panning", held);
      this.studio.brush.outline();
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
      const { studio } = this;
      return {
        z: () => (shift ? studio.redo() : studio.undo()), y: () => studio.redo(), s: () => studio.save(),
        Enter: () => { if (!byId("erase").disabled && studio.mode === "paint") studio.erase(); },
      }[key];
    }

    _plainKey(key, event) {
      const { studio } = this;
      const { brush, session, comparison } = studio;
      const onCanvas = event.target === studio.view.canvas;
      const tool = (name) => () => { brush.tool = name; };
      const deciding = studio.mode === "decide" && studio.panel.isReady && !event.repeat;
      const keys = {
        v: tool("pan"), b: tool("brush"), e: tool("eraser"), l: tool("lasso"),
        "[": () => { brush.size /= SIZE_STEP; }, "]": () => { brush.size *= SIZE_STEP; },
        m: () => studio.toggleMask(), f: () => studio.stage.toggleFlat(), g: () => studio.grow(), t: () => studio.tripod(),
        Delete: () => studio.clear(), Backspace: () => studio.clear(), "?": () => byId("help").showModal(),
        n: () => studio.step(1), p: () => studio.step(-1), o: () => { comparison.peek = true; },
        Escape: () => { if (brush.active) brush.abandon(); else if (session.task) studio.cancel(); },
        ...(deciding ? { a: () => byId("accept").click(), r: () => byId("retry").click(), d: () => byId("discard").click() } : {}),
        ...(onCanvas ? { Enter: () => this._stamp(event.shiftKey), " ": () => this._holdPan(true) } : {}),
        ...(event.target === document.body ? { " ": () => this._holdPan(true) } : {}),
      };
      if (keys[key]) return keys[key];
      return event.target.closest("#tools, #panel, #bar, #scenes") ? null : this._turnKey(event.key);
    }

    _turnKey(key) {
      return /^(Arrow|[-+=_]$)/.test(key) ? () => this.studio.stage.controls.press(key) : null;
    }

    _stamp(joined) {
      const done = this.studio.brush.stamp(joined);
      const said = { painted: "Painted", joined: "Painted on", corner: "Corner set", closed: "Lasso closed" }[done];
      if (said) this.studio.panel.announce(said);
    }

    _keyUp(event) {
      if (event.key === " ") this._holdPan(false);
      if (event.key.toLowerCase() === "o") this.studio.comparison.peek = false;
    }
  }

  window.StudioShortcuts = StudioShortcuts;
})();
