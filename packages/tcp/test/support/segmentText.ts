import {
  NEXT_HEADER_TCP,
  setTrafficClass,
  TCP_CHECKSUM_OFFSET,
  upperLayerChecksum,
  writeIPv6Header,
} from '@6bed4/nd';

const IPV6 = 40;
const TCP = 20;
/** In the order in which they are written in a script; the bits of the header. */
const FLAGS = { S: 2, F: 1, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 } as const;

/** Where sequence numbers and timestamps of a script count from. */
export interface Bases {
  /** Initial sequence number of our side, and of the other side. */
  ours: number;
  readonly theirs: number;
  /** Our timestamp at the begin. */
  timestamp: number;
}

/** The fields of a segment, by the words of a script. */
export interface SegmentFields {
  flags: string;
  sequence: number;
  length: number;
  ack?: number;
  win?: number;
  options?: string;
  ecn?: string;
}

/** Reads `FLAGS SEQ[:END] [ack N] [win N] [<options>] [ect|ce]`. */
export function parseSegment(text: string): SegmentFields {
  const [, head = '', options, tail = ''] = /^([^<]*)(?:<(.*)>)?(.*)$/.exec(text)!;
  const words = `${head} ${tail}`.split(/\s+/).filter((word) => word !== '');
  const [flags = '', range = '0', ...rest] = words;
  const [start, end] = range.split(':').map(Number);
  const fields: SegmentFields = { flags, sequence: start!, length: (end ?? start!) - start! };
  if (options !== undefined) fields.options = options.trim();
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]!;
    if (word === 'ack') fields.ack = Number(rest[++index]);
    else if (word === 'win') fields.win = Number(rest[++index]);
    else if (word === 'ect' || word === 'ce') fields.ecn = word;
    else throw new Error(`no field of a segment: ${word}`);
  }
  return fields;
}

/** Writes those fields of a segment that `like` has, or all of them. */
export function formatSegment(fields: SegmentFields, like: SegmentFields = fields): string {
  const { flags, sequence, length } = fields;
  const parts = [flags, length > 0 ? `${sequence}:${sequence + length}` : String(sequence)];
  if (like.ack !== undefined && fields.ack !== undefined) parts.push(`ack ${fields.ack}`);
  if (like.win !== undefined) parts.push(`win ${fields.win}`);
  if (like.options !== undefined) parts.push(`<${fields.options}>`);
  if (fields.ecn !== undefined) parts.push(fields.ecn);
  return parts.join(' ');
}

/** Reads a packet of our side. */
export function decodeSegment(packet: Uint8Array, bases: Bases): SegmentFields {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const bits = view.getUint8(IPV6 + 13);
  const header = (view.getUint8(IPV6 + 12) >>> 4) * 4;
  const number = view.getInt32(IPV6 + 4);
  if ((bits & FLAGS.S) !== 0) bases.ours = number;
  const ecn = view.getUint8(1) >>> 4;
  return {
    flags: Object.entries(FLAGS).reduce(
      (text, [letter, bit]) => ((bits & bit) === 0 ? text : text + letter),
      '',
    ),
    sequence: (number - bases.ours) | 0,
    length: packet.length - IPV6 - header,
    ...((bits & FLAGS.A) === 0 ? {} : { ack: (view.getInt32(IPV6 + 8) - bases.theirs) | 0 }),
    win: view.getUint16(IPV6 + 14),
    options: decodeOptions(
      new DataView(packet.buffer, packet.byteOffset + IPV6 + TCP, header - TCP),
      bases,
    ),
    ...((ecn & 3) === 0 ? {} : { ecn: (ecn & 3) === 3 ? 'ce' : 'ect' }),
  };
}

function decodeOptions(view: DataView, bases: Bases): string {
  const found: string[] = [];
  for (let at = 0; at < view.byteLength; ) {
    const kind = view.getUint8(at);
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = view.getUint8(at + 1);
    if (kind === 2) found.push(`mss ${view.getUint16(at + 2)}`);
    else if (kind === 3) found.push(`scale ${view.getUint8(at + 2)}`);
    else if (kind === 4) found.push('sack');
    else if (kind === 5) found.push(`sacked${decodeBlocks(view, at, length, bases)}`);
    else if (kind === 8) {
      const echo = view.getUint32(at + 6);
      found.push(`ts ${(view.getInt32(at + 2) - bases.timestamp) | 0} ${echo}`);
    }
    at += length;
  }
  return found.join(', ');
}

function decodeBlocks(view: DataView, at: number, length: number, bases: Bases): string {
  let text = '';
  for (let block = at + 2; block < at + length; block += 8) {
    const [left, right] = [block, block + 4].map(
      (edge) => (view.getInt32(edge) - bases.theirs) | 0,
    );
    text += ` ${left}-${right}`;
  }
  return text;
}

/** One side of a segment of the other side. */
export interface Side {
  readonly address: Uint8Array;
  readonly port: number;
}

/** The byte of data at an offset of a stream. */
export const patternAt = (offset: number): number => (offset * 7 + (offset >> 8)) & 255;

/** Makes a packet of the other side. */
export function encodeSegment(
  fields: SegmentFields,
  from: Side,
  to: Side,
  bases: Bases,
): Uint8Array {
  const options = encodeOptions(fields.options ?? '', bases);
  const header = TCP + options.length;
  const packet = new Uint8Array(IPV6 + header + fields.length);
  const view = new DataView(packet.buffer);
  writeIPv6Header(packet, 0, {
    source: from.address,
    destination: to.address,
    nextHeader: NEXT_HEADER_TCP,
    payloadLength: header + fields.length,
    hopLimit: 64,
  });
  if (fields.ecn !== undefined) setTrafficClass(packet, 0, fields.ecn === 'ce' ? 3 : 2);
  view.setUint16(IPV6, from.port);
  view.setUint16(IPV6 + 2, to.port);
  view.setInt32(IPV6 + 4, bases.theirs + fields.sequence);
  view.setInt32(IPV6 + 8, fields.ack === undefined ? 0 : bases.ours + fields.ack);
  let bits = 0;
  for (const letter of fields.flags) bits |= FLAGS[letter as keyof typeof FLAGS] ?? 0;
  view.setUint8(IPV6 + 12, (header / 4) << 4);
  view.setUint8(IPV6 + 13, bits);
  view.setUint16(IPV6 + 14, fields.win ?? 65_535);
  if ((bits & FLAGS.U) !== 0) view.setUint16(IPV6 + 18, fields.length);
  packet.set(options, IPV6 + TCP);
  for (let index = 0; index < fields.length; index++) {
    packet[IPV6 + header + index] = patternAt(fields.sequence - 1 + index);
  }
  const sum = upperLayerChecksum(packet, 0, packet.length, NEXT_HEADER_TCP, TCP_CHECKSUM_OFFSET);
  view.setUint16(IPV6 + TCP_CHECKSUM_OFFSET, sum);
  return packet;
}

function encodeOptions(text: string, bases: Bases): Uint8Array {
  const bytes: number[] = [];
  const long = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  for (const option of text.split(',').map((part) => part.trim())) {
    const [name, ...rest] = option.split(/\s+/);
    const numbers = rest.map(Number);
    if (name === 'mss') bytes.push(2, 4, numbers[0]! >> 8, numbers[0]! & 255);
    else if (name === 'scale') bytes.push(1, 3, 3, numbers[0]!);
    else if (name === 'sack') bytes.push(1, 1, 4, 2);
    else if (name === 'ts') {
      bytes.push(1, 1, 8, 10, ...long(numbers[0]!), ...long(bases.timestamp + numbers[1]!));
    } else if (name === 'sacked') {
      const edges = rest.flatMap((block) => block.split('-').map(Number));
      bytes.push(1, 1, 5, 2 + 4 * edges.length);
      for (const edge of edges) bytes.push(...long(bases.ours + edge));
    } else if (name !== '') throw new Error(`no option: ${option}`);
  }
  return Uint8Array.from(bytes);
}
