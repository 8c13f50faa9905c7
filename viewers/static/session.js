/* The studio's work as the server keeps it: scenes, marks with their history, and tasks.
 *
 *   const session = await Session.start();
 *   await session.open(0);
 *   session.add(mark);
 *
 * Events: "marks" when the marks of the open scene changed here, "scenes" when something about a scene changed,
 * "tasks" while tasks go on, "decided" (with the scene's number) when a task ended, "conflict" when another window
 * changed the open scene, "trouble" with a text, "recovery" when it is over. Changes are sent one after the other and again until they arrive.
 */
"use strict";

(() => {
  const POLL = 400, RETRY = 1500;                  // ms
  const ACTIVE = ["waiting", "working"];

  class ServerError extends Error {
    constructor(status, message) {
      super(message);
      this.status = status;
    }
  }

  async function ask(path, { method = "GET", body } = {}) {
    const options = { method };
    if (body) Object.assign(options, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    let response;
    try {
      response = await fetch(`api/${path}`, options);
    } catch {
      throw new ServerError(0, "The studio's server does not answer; is it still running?");
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new ServerError(response.status, answer.error ?? `The server answered ${response.status}.`);
    return answer;
  }

  function pause(time) { return new Promise((resolve) => { setTimeout(resolve, time); }); }

  class Session extends EventTarget {
    static async start() { return new Session(await ask("tour")); }

    constructor(tour) {
      super();
      Object.assign(this, { tour, scenes: tour.scenes, tasks: tour.tasks });
      this.number = null;
      this.marks = [];
      this.shown = 0;
      this._known = { marks: [], shown: 0, revision: 0 };    // what the server has
      this._sending = Promise.resolve();
      this.isWatching = false;                   // whether tasks are asked for
      this._gone = new Set(this.tasks.filter((task) => !ACTIVE.includes(task.state)).map((task) => task.id));
      this._watch();
    }

    get scene() { return this.scenes[this.number]; }
    get task() { return this.tasks.find((task) => task.scene === this.number && ACTIVE.includes(task.state)) ?? null; }
    get isEditable() { return Boolean(this.scene && !this.scene.problem && !this.scene.result && !this.task); }
    get canUndo() { return this.isEditable && this.shown > 0; }
    get canRedo() { return this.isEditable && this.shown < this.marks.length; }

    async open(number) {
      await this.flush();
      const scene = await ask(`scenes/${number}`);
      this.number = number;
      this._take(scene);
    }

    add(mark) {
      this.marks = [...this.marks.slice(0, this.shown), mark];
      this.shown = this.marks.length;
      this._changed();
    }

    undo() {
      if (!this.canUndo) return null;
      this.shown -= 1;
      this._changed();
      return this.marks[this.shown];
    }

    redo() {
      if (!this.canRedo) return null;
      this.shown += 1;
      this._changed();
      return this.marks[this.shown - 1];
    }

    /* Wait until the server has everything. */
    async flush() {
      await this._sending;
    }

    async erase(numbers, { seed = 0, quality, shadows = 0 }) {
      await this.flush();
      const { tasks } = await ask("tasks", { method: "POST", body: { scenes: numbers, seed, quality, shadows_deg: shadows } });
      this.tasks = [...this.tasks, ...tasks];
      this._tell("tasks");
      this._watch();
      return tasks;
    }

    async cancel(task) {
      Object.assign(task, await ask(`tasks/${task.id}`, { method: "DELETE" }));
      this._tell("tasks");
    }

    /* accept, discard or reopen */
    async decide(decision) {
      await this.flush();
      this._take(await ask(`scenes/${this.number}/${decision}`, { method: "POST" }));
    }

    async spread() {
      await this.flush();
      const answer = await ask(`scenes/${this.number}/spread`, { method: "POST" });
      for (const number of answer.scenes) this._replace(await ask(`scenes/${number}`));
      return answer;
    }

    async save(numbers) {
      const answer = await ask("save", { method: "POST", body: { scenes: numbers } });
      answer.scenes.forEach((scene) => this._replace(scene));
      return answer.saved;
    }

    /* A picture as a Blob, with its width and height. */
    async picture(kind, number = this.number) {
      const response = await fetch(`api/scenes/${number}/pictures/${kind}`);
      if (!response.ok) throw new ServerError(response.status, (await response.json()).error);
      const [width, height] = response.headers.get("X-Picture-Size").split("x").map(Number);
      return { blob: await response.blob(), width, height };
    }

    thumbnail(number) { return `api/scenes/${number}/thumbnail?${this.scenes[number].tag}`; }

    _take(scene) {
      const { marks, ...told } = scene;
      this.marks = marks;
      this.shown = told.shown;
      this._known = { marks, shown: told.shown, revision: told.revision };
      this._replace(told);
    }

    _replace({ marks: _marks, ...scene }) {
      this.scenes[scene.number] = scene;
      this._tell("scenes");
    }

    _changed() {
      Object.assign(this.scene, { count: this.marks.length, shown: this.shown });
      this._tell("marks");
      this._sending = this._sending.then(() => this._send());
    }

    async _send() {
      const { number, marks, shown, _known: known } = this;
      if (marks === known.marks && shown === known.shown) return;
      let keep = 0;
      while (keep < marks.length && marks[keep] === known.marks[keep]) keep++;
      const body = { revision: known.revision, keep, add: marks.slice(keep), shown };
      for (let failed = false; ; failed = true) {
        try {
          const scene = await ask(`scenes/${number}/marks`, { method: "PUT", body });
          this._known = { marks, shown, revision: scene.revision };
          this.scenes[number] = { ...scene, count: this.marks.length, shown: this.shown };
          this._tell("scenes");
          if (failed) this._tell("recovery");
          return;
        } catch (error) {
          this._tell("trouble", error.message);
          if (error.status) return this._tell("conflict");   // what was refused will be refused again
          await pause(RETRY);
        }
      }
    }

    async _watch() {
      if (this.isWatching) return;
      this.isWatching = true;
      while (this.tasks.some((task) => !this._gone.has(task.id))) {
        for (const task of this.tasks) {
          if (ACTIVE.includes(task.state) || this._gone.has(task.id)) continue;
          this._gone.add(task.id);
          await this._end(task);
        }
        if (!this.tasks.some((task) => ACTIVE.includes(task.state))) continue;
        await pause(POLL);
        await this._refreshTasks();
        this._tell("tasks");
      }
      this.isWatching = false;
    }

    async _refreshTasks() {
      for (let failed = false; ; failed = true) {
        try {
          this.tasks = await ask("tasks");
          if (failed) this._tell("recovery");
          return;
        } catch (error) {
          this._tell("trouble", error.message);
          await pause(RETRY);
        }
      }
    }

    async _end(task) {
      try {
        this._replace(await ask(`scenes/${task.scene}`));
      } catch (error) {
        this._tell("trouble", error.message);
      }
      if (task.state === "failed") this._tell("trouble", `${this.scenes[task.scene].name}: ${task.error}`);
      this._tell("decided", task.scene);
    }

    _tell(kind, detail) { this.dispatchEvent(new CustomEvent(kind, { detail })); }
  }

  window.Session = Session;
})();
