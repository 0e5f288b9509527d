/** A packet of a capture. */
export interface CapturedPacket {
  readonly interfaceId: number;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  readonly length: number;
  readonly bytes: Buffer;
}

/** A capture file, taken apart. */
export interface CaptureFile {
  readonly application: string;
  readonly interfaces: readonly { readonly name: string; readonly snapLength: number }[];
  readonly packets: readonly CapturedPacket[];
  /** Of each interface, the last that was told. */
  readonly statistics: ReadonlyMap<number, { readonly received: number; readonly dropped: number }>;
}

/** Takes a file apart, and checks that its blocks are whole. */
export function parseCapture(file: Buffer): CaptureFile {
  let application = '';
  const interfaces: CaptureFile['interfaces'][number][] = [];
  const packets: CapturedPacket[] = [];
  const statistics = new Map<number, { received: number; dropped: number }>();
  for (let at = 0; at < file.length; ) {
    const type = file.readUInt32LE(at);
    const total = file.readUInt32LE(at + 4);
    if (total % 4 !== 0 || file.readUInt32LE(at + total - 4) !== total) {
      throw new Error(`a block of ${total} bytes at ${at} is broken`);
    }
    const body = file.subarray(at + 8, at + total - 4);
    switch (type) {
      case 0x0a0d_0d0a:
        if (body.readUInt32LE(0) !== 0x1a2b_3c4d) throw new Error('no byte-order magic');
        application = optionsIn(body.subarray(16)).get(4)!.toString();
        break;
      case 1:
        interfaces.push({
          name: optionsIn(body.subarray(8)).get(2)!.toString(),
          snapLength: body.readUInt32LE(4),
        });
        break;
      case 5: {
        const options = optionsIn(body.subarray(12));
        const count = (code: number): number => Number(options.get(code)!.readBigUInt64LE());
        statistics.set(body.readUInt32LE(0), { received: count(4), dropped: count(5) });
        break;
      }
      case 6:
        packets.push(packetIn(body));
        break;
      default:
        throw new Error(`a block of type ${type}`);
    }
    at += total;
  }
  return { application, interfaces, packets, statistics };
}

function packetIn(body: Buffer): CapturedPacket {
  const captured = body.readUInt32LE(12);
  const options = optionsIn(body.subarray(20 + Math.ceil(captured / 4) * 4));
  return {
    interfaceId: body.readUInt32LE(0),
    at: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
    direction: options.get(2)!.readUInt32LE() === 1 ? 'in' : 'out',
    length: body.readUInt32LE(16),
    bytes: body.subarray(20, 20 + captured),
  };
}

function optionsIn(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; ; ) {
    const code = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (code === 0) {
      if (at + 4 !== bytes.length) throw new Error('bytes behind the last option');
      return options;
    }
    options.set(code, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
}
