import { FakeRawLibc } from './fakeRawLibc.js';

/** A system whose calls all fail, as on descriptors that do not exist. */
export class FailingLibc extends FakeRawLibc {
  calls = 0;
  override recvmmsg(): number {
    return this.#fail();
  }
  override sendmmsg(): number {
    return this.#fail();
  }
  override read(): number {
    return this.#fail();
  }
  override write(): number {
    return this.#fail();
  }
  override writev(): number {
    return this.#fail();
  }
  override poll(): number {
    return this.#fail();
  }
  #fail(): number {
    this.calls++;
    return -1;
  }
}
