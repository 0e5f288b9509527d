/**
 * A datagram that went straight to its destination though that path was not proved, because its sender
 * will send it again if no answer comes (draft-03 §8.7).
 */
export class PlayfulSend {
  readonly #report: (play: number) => boolean;
  #play = 0;

  /** @internal */
  constructor(report: (play: number) => boolean) {
    this.#report = report;
  }

  /**
   * Whether the datagram was played with. It was not where the direct path is in use already, where it
   * was looked for in vain, or while the address is still being looked up.
   */
  get isPlayed(): boolean {
    return this.#play !== 0;
  }

  /** @internal */
  readonly played = (play: number): void => {
    this.#play = play;
  };

  /**
   * The answer has come, and the datagram was not sent again. If something came straight from the remote
   * since, that proves the direct path.
   *
   * @returns whether it did
   */
  answered(): boolean {
    if (this.#play === 0) return false;
    const play = this.#play;
    this.#play = 0;
    return this.#report(play);
  }
}
