/* Marked places on a PanoramaView: buttons that stay on their direction, in a list that keys and readers reach.
 *
 *   const hotspots = new PanoramaHotspots(view, controls, document.querySelector("ul"));
 *   hotspots.show([{ yaw, pitch, label, act: () => … }, { yaw, pitch, label }]);
 *
 * One with `act` is a way to somewhere, one without is a note that opens and closes. Those out of sight can be
 * reached by Tab: the view turns to what has the focus.
 */
"use strict";

(() => {
  const ICONS = "http://www.w3.org/2000/svg";
  const BORDER = 0.12;              // share of the view's sides within which the view turns to a focused one

  function icon(name) {
    const picture = document.createElementNS(ICONS, "svg");
    const use = document.createElementNS(ICONS, "use");
    use.setAttribute("href", `#icon-${name}`);
    picture.setAttribute("aria-hidden", "true");
    picture.append(use);
    return picture;
  }

  class PanoramaHotspots {
    constructor(view, controls, list) {
      Object.assign(this, { view, controls, list, spots: [] });
      view.addEventListener("render", () => this._place());
      document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
    }

    /* Replace all: [{yaw, pitch, label, act?}] in degrees. */
    show(spots) {
      this.spots = spots.map((spot) => ({ ...spot, button: this._build(spot) }));
      this.list.replaceChildren(...this.spots.map(({ button }) => {
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
      this.list.hidden = !spots.length;
      this._place();
    }

    /* Close all notes. */
    close() {
      for (const { button, act } of this.spots) if (!act) button.setAttribute("aria-expanded", false);
    }

    _build(spot) {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.className = spot.act ? "hotspot way" : "hotspot note";
      const mark = Object.assign(document.createElement("span"), { className: "mark" });
      mark.append(icon(spot.act ? "way" : "note"));
      button.append(mark, Object.assign(document.createElement("span"), { className: "tag", textContent: spot.label }));
      if (spot.act) {
        button.setAttribute("aria-label", `Go to ${spot.label}`);
        button.addEventListener("click", spot.act);
      } else {
        button.setAttribute("aria-label", `Note: ${spot.label}`);
        button.setAttribute("aria-expanded", false);
        button.addEventListener("click", () => {
          const open = button.getAttribute("aria-expanded") === "true";
          this.close();
          button.setAttribute("aria-expanded", !open);
        });
      }
      button.addEventListener("focus", () => { if (button.matches(":focus-visible")) this._turnTo(spot); });
      return button;
    }

    _turnTo({ yaw, pitch }) {
      const { view, controls } = this;
      const at = view.sphereToScreen(yaw, pitch);
      const inside = (value, size) => value > size * BORDER && value < size * (1 - BORDER);
      if (at && inside(at.x, view.canvas.clientWidth) && inside(at.y, view.canvas.clientHeight)) return;
      controls.stop();
      const right = ((yaw - view.yaw + 180) % 360 + 360) % 360 - 180;
      controls.glide({ yaw: right, pitch: pitch - view.pitch });
    }

    _place() {
      const { clientWidth, clientHeight } = this.view.canvas;
      for (const { yaw, pitch, button } of this.spots) {
        const at = this.view.sphereToScreen(yaw, pitch);
        const seen = at && at.x > 0 && at.y > 0 && at.x < clientWidth && at.y < clientHeight;
        button.classList.toggle("away", !seen);
        const { x, y } = seen ? at : { x: clientWidth / 2, y: clientHeight / 2 };
        button.style.translate = `${x.toFixed(1)}px ${y.toFixed(1)}px`;
      }
    }
  }

  window.PanoramaHotspots = PanoramaHotspots;
})();
