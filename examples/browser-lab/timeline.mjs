const SPEEDS = [
  ['1/20', 0.05],
  ['1/5', 0.2],
  ['1', 1],
  ['10', 10],
];
const USUAL_SPEED = 0.2;
/** Milliseconds between two packets for who wants no motion. */
const STILL = 700;

const find = (id) => document.getElementById(id);

/** The bar below the choices: a time between 0 and the end of a recording, and how it goes on. */
export class Timeline {
  #onChange;
  #recording = null;
  #time = 0;
  #frame = 0;
  #timer;
  #isPlaying = false;

  constructor(onChange) {
    this.#onChange = onChange;
    find('speed').replaceChildren(
      ...SPEEDS.map(
        ([name, speed]) => new Option(name, String(speed), false, speed === USUAL_SPEED),
      ),
    );
    find('time').addEventListener('input', () => {
      this.pause();
      this.#go(Number(find('time').value));
    });
    find('play').addEventListener('click', () => (this.#isPlaying ? this.pause() : this.#play()));
    find('next').addEventListener('click', () =>
      this.#step(this.#times().find((at) => at > this.#time)),
    );
    find('previous').addEventListener('click', () =>
      this.#step(this.#times().findLast((at) => at < this.#time)),
    );
  }

  /** Milliseconds since both peers have their addresses. */
  get time() {
    return this.#time;
  }

  load(recording, time) {
    this.pause();
    this.#recording = recording;
    find('time').max = String(recording.end);
    this.#go(time);
  }

  pause() {
    this.#isPlaying = false;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    find('play').textContent = 'Play';
  }

  /** The times when something is sent, and the end; whole milliseconds, as the slider has. */
  #times() {
    return [...this.#recording.arrows.map(({ at }) => Math.ceil(at)), this.#recording.end];
  }

  #step(time) {
    this.pause();
    if (time !== undefined) this.#go(time);
  }

  #go(time) {
    const { end, arrows } = this.#recording;
    this.#time = Math.min(Math.max(0, Math.round(time)), end);
    const sent = arrows.filter(({ at }) => at <= this.#time).length;
    const moment = `${this.#time} ms of ${end}, packet ${sent} of ${arrows.length}`;
    find('time').value = String(this.#time);
    find('time').setAttribute('aria-valuetext', moment);
    find('moment').textContent = moment;
    this.#onChange();
  }

  #play() {
    if (this.#time >= this.#recording.end) this.#go(0);
    this.#isPlaying = true;
    find('play').textContent = 'Pause';
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.#playStill();
    else this.#playSmoothly(performance.now(), this.#time);
  }

  /** From packet to packet, for who wants no motion. */
  #playStill() {
    const time = this.#times().find((at) => at > this.#time);
    if (time === undefined) return this.pause();
    this.#go(time);
    this.#timer = setTimeout(() => this.#playStill(), STILL);
  }

  #playSmoothly(last, exact) {
    this.#frame = requestAnimationFrame((now) => {
      const time = exact + Math.max(0, now - last) * Number(find('speed').value);
      this.#go(time);
      if (time >= this.#recording.end) this.pause();
      else this.#playSmoothly(now, time);
    });
  }
}
