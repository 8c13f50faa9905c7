/* Looking around by turning the device, where it has the sensors.
 *
 *   const gyroscope = new PanoramaGyroscope(view);
 *   gyroscope.whenPresent(() => { button.hidden = false; });
 *   await gyroscope.start();          // in a click: iOS asks for permission then, and only then
 *
 * The view starts where it was and follows the device's turns; a finger may turn it as well. Up and down is the
 * device's own. A device held tilted to the side keeps the horizon level.
 */
"use strict";

(() => {
  const LEVEL = 0.2;                // of a unit vector: steeper than this, the compass direction is mere noise

  function radians(degrees) { return degrees * Math.PI / 180; }
  function degrees(radians_) { return radians_ * 180 / Math.PI; }

  /* Where the back of the device looks: its −z axis turned by Z(alpha) X(beta) Y(gamma) to east, north and up.
   * Source: W3C, Device Orientation and Motion, "deviceorientation event". Independent of the screen's rotation. */
  function lookOf({ alpha, beta, gamma }) {
    const [a, b, c] = [alpha, beta, gamma].map(radians);
    const east = -(Math.cos(a) * Math.sin(c) + Math.sin(a) * Math.sin(b) * Math.cos(c));
    const north = -(Math.sin(a) * Math.sin(c) - Math.cos(a) * Math.sin(b) * Math.cos(c));
    const up = -Math.cos(b) * Math.cos(c);
    return { yaw: degrees(Math.atan2(east, north)), pitch: degrees(Math.asin(up)), level: Math.hypot(east, north) };
  }

  class PanoramaGyroscope {
    /* A changed state is told by a "gyroscope" event on the view. */
    constructor(view) {
      this.view = view;
      this.running = false;
      this._heading = null;
      this._follow = (event) => this._turn(event);
    }

    /* Call back once if there is a sensor: at the first reading, or at once on a touch screen that may ask for
     * permission before there is any. */
    whenPresent(tell) {
      const kind = window.DeviceOrientationEvent;
      if (!kind) return;
      if (kind.requestPermission && window.matchMedia("(pointer: coarse)").matches) { tell(); return; }
      const listen = (event) => {
        if (event.alpha === null) return;
        window.removeEventListener("deviceorientation", listen);
        tell();
      };
      window.addEventListener("deviceorientation", listen);
    }

    /* Resolves to whether it runs; false where the person said no. */
    async start() {
      const ask = window.DeviceOrientationEvent?.requestPermission;
      const answer = ask ? await ask.call(window.DeviceOrientationEvent).catch(() => "denied") : "granted";
      if (answer === "granted") this._set(true);
      return this.running;
    }

    stop() { this._set(false); }

    _set(running) {
      if (running === this.running) return;
      this.running = running;
      this._heading = null;
      window[running ? "addEventListener" : "removeEventListener"]("deviceorientation", this._follow);
      this.view.dispatchEvent(new Event("gyroscope"));
    }

    _turn(event) {
      if (event.alpha === null) return;
      const { yaw, pitch, level } = lookOf(event);
      if (level < LEVEL) {
        this._heading = null;
      } else {
        if (this._heading !== null) this.view.yaw += yaw - this._heading;
        this._heading = yaw;
      }
      this.view.pitch = pitch;
    }
  }

  window.PanoramaGyroscope = PanoramaGyroscope;
})();
