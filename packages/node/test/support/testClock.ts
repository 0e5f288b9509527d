/** A clock that goes on by so many milliseconds each time that it is asked, and can be set ahead. */
export class TestClock {
  now = 0;
  #ahead = 0;
  readonly #step: number;

  constructor(step: number) {
    this.#step = step;
  }

  readonly clock = (): number => {
    this.now += this.#step;
    return this.now + this.#ahead;
  };

  readonly setAhead = (ahead: number): void => {
    this.#ahead = ahead;
  };
}
