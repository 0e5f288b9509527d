const ADDRESS = 0;
const PORT = 1;

/**
 * A UDP/IPv4 endpoint for machines, in numbers. A data path keeps one and writes it over. A number
 * above 2^31 costs an allocation wherever it is returned, or stored in an ordinary field; kept in a
 * typed array, as here, it never does.
 */
export class UdpEndpoint {
  readonly #numbers = new Int32Array(2);

  /**
   * @param address - IPv4 address as uint32
   * @param port - UDP port, 0..65535
   */
  constructor(address = 0, port = 0) {
    this.#numbers[ADDRESS] = address;
    this.#numbers[PORT] = port;
  }

  /** IPv4 address as uint32. */
  get address(): number {
    return this.#numbers[ADDRESS]! >>> 0;
  }

  /** Takes an int32 as well. */
  set address(address: number) {
    this.#numbers[ADDRESS] = address;
  }

  /** The address as int32: the same bits, and never boxed. For comparisons on data paths. */
  get addressBits(): number {
    return this.#numbers[ADDRESS]!;
  }

  /** UDP port, 0..65535. */
  get port(): number {
    return this.#numbers[PORT]!;
  }

  set port(port: number) {
    this.#numbers[PORT] = port;
  }
}
