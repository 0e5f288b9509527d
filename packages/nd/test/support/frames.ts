import { hex } from '@6bed4/testing/bytes';
import { fixture } from '@6bed4/testing/fixtures';

/** A recorded frame. */
export interface Frame {
  readonly name: string;
  readonly packet: Uint8Array;
}

interface Exchange {
  readonly id: string;
  readonly request: string;
  readonly reply: { readonly payload: string } | null;
}

interface Conversation {
  readonly frames: readonly { readonly payload: string }[];
}

/** All recorded frames, keepalives and rubbish included. */
export const frames: readonly Frame[] = [
  ...fixture<readonly Exchange[]>('router-exchanges.json').flatMap(({ id, request, reply }) => [
    { name: `${id}, request`, packet: hex(request) },
    ...(reply === null ? [] : [{ name: `${id}, reply`, packet: hex(reply.payload) }]),
  ]),
  ...Object.entries(
    fixture<Readonly<Record<string, Conversation>>>('peer-conversations.json'),
  ).flatMap(([name, { frames }]) =>
    frames.map(({ payload }, index) => ({
      name: `${name}, frame ${index + 1}`,
      packet: hex(payload),
    })),
  ),
];

/** A recorded frame by name. */
export function frame(name: string): Uint8Array {
  return frames.find((candidate) => candidate.name === name)!.packet;
}
