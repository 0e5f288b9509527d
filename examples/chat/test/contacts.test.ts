import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
// @ts-expect-error the example is plain JavaScript
import { openContacts, printable } from '../contacts.mjs';

const ALICE = '2001:db8::a';
const BOB = '2001:db8::b';

interface Contact {
  readonly address: string;
  readonly name: string;
  readonly presence: string;
}

/** Sockets that reach each other after some milliseconds, or not at all. */
class Wire {
  readonly #sockets = new Map<string, EventEmitter>();
  readonly sent: string[] = [];
  lose: (count: number) => boolean = () => false;
  delay: (count: number) => number = () => 10;

  socket(address: string): EventEmitter {
    const socket = Object.assign(new EventEmitter(), {
      bind: () => socket,
      send: (message: string, _port: number, to: string) => {
        const count = this.sent.push(message);
        if (this.lose(count)) return;
        const deliver = (): void => this.deliver(Buffer.from(message), address, to);
        setTimeout(deliver, this.delay(count));
      },
    });
    this.#sockets.set(address, socket);
    return socket;
  }

  deliver(message: Buffer, from: string, to: string): void {
    this.#sockets.get(to)?.emit('message', message, { address: from });
  }
}

class Person {
  readonly received: string[] = [];
  readonly seen: string[] = [];
  readonly contacts;
  readonly socket: EventEmitter;

  constructor(wire: Wire, address: string, name: string) {
    this.socket = wire.socket(address);
    this.contacts = openContacts(
      this.socket,
      name,
      ({ presence }: Contact) => this.seen.push(presence),
      (_: Contact, content: string) => this.received.push(content),
    );
  }

  end(): void {
    this.socket.emit('close');
    this.socket.removeAllListeners();
  }
}

let wire: Wire;
let alice: Person;
let bob: Person;

beforeEach(() => {
  vi.useFakeTimers();
  wire = new Wire();
  alice = new Person(wire, ALICE, 'alice');
  bob = new Person(wire, BOB, 'bob');
});

afterEach(() => {
  alice.end();
  bob.end();
  vi.useRealTimers();
});

describe('messages', () => {
  test('arrive once and in order when two of three datagrams are lost', async () => {
    let state = 1;
    wire.lose = () => {
      state = (state * 48_271) % 0x7fff_ffff;
      return state % 3 !== 0;
    };
    const bobsContact = alice.contacts.call(BOB);
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const text of texts) alice.contacts.say(bobsContact, text);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(bob.received).toEqual(texts);
    expect(bobsContact.waiting).toEqual([]);
  });

  test('arrive once and in order when datagrams overtake each other', async () => {
    wire.delay = (count) => (count % 4) * 700;
    const bobsContact = alice.contacts.call(BOB);
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const text of texts) alice.contacts.say(bobsContact, text);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(bob.received).toEqual(texts);
  });

  test('wait for a contact that is offline', async () => {
    bob.end();
    const bobsContact = alice.contacts.call(BOB);
    alice.contacts.say(bobsContact, 'are you there?');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alice.seen).toEqual(['offline']);
    bob = new Person(wire, BOB, 'bob');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(bob.received).toEqual(['are you there?']);
    expect(alice.seen).toEqual(['offline', 'online']);
  });

  test('are rejected when they do not fit into a datagram', () => {
    const bobsContact = alice.contacts.call(BOB);
    expect(() => alice.contacts.say(bobsContact, 'é'.repeat(500))).toThrow('1002 bytes; 900 fit');
  });
});

describe('presence', () => {
  test('is away after 12 s of silence, offline after 30 s, and online again after a datagram', async () => {
    alice.contacts.call(BOB);
    await vi.advanceTimersByTimeAsync(100);
    expect([alice.seen, bob.seen]).toEqual([['online'], ['online']]);
    wire.lose = () => true;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(alice.seen).toEqual(['online']);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(alice.seen).toEqual(['online', 'away']);
    await vi.advanceTimersByTimeAsync(18_000);
    expect(alice.seen).toEqual(['online', 'away', 'offline']);
    wire.lose = () => false;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(alice.seen).toEqual(['online', 'away', 'offline', 'online']);
  });

  test('is offline at once after a goodbye', async () => {
    alice.contacts.call(BOB);
    await vi.advanceTimersByTimeAsync(100);
    bob.contacts.leave();
    bob.end();
    await vi.advanceTimersByTimeAsync(100);
    expect(alice.seen).toEqual(['online', 'offline']);
  });
});

describe('strangers', () => {
  test('are removed when they are silent, unless they were called', async () => {
    alice.contacts.call(BOB);
    await vi.advanceTimersByTimeAsync(100);
    alice.end();
    bob.end();
    alice = new Person(wire, ALICE, 'alice');
    bob = new Person(wire, BOB, 'bob');
    alice.contacts.call(BOB);
    await vi.advanceTimersByTimeAsync(100);
    wire.lose = () => true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bob.contacts.all.size).toBe(0);
    expect(alice.contacts.all.size).toBe(1);
  });

  test('are limited in number, and do not prevent a call', () => {
    const greeting = Buffer.from(JSON.stringify({ name: 'x', got: 0 }));
    for (let index = 0; index < 1000; index++) {
      wire.deliver(greeting, `2001:db8:1::${index.toString(16)}`, BOB);
    }
    expect(bob.contacts.all.size).toBe(100);
    bob.contacts.call(ALICE);
    expect(bob.contacts.all.size).toBe(101);
  });

  test.each([
    '',
    'null',
    '0',
    '"text"',
    '[]',
    '{',
    '{"message":7}',
    '{"message":{"id":{}}}',
    '{"message":{"id":"9","content":{"offer":null}}}',
    '{"__proto__":{"trusted":true}}',
    '{"name":{"toString":1}}',
    '{"message":{"id":{"toString":1,"valueOf":1}}}',
    '{"message":{"id":1e400}}',
  ])('cannot stop the program or become trusted by sending %s', (text) => {
    expect(() => wire.deliver(Buffer.from(text), ALICE, BOB)).not.toThrow();
    expect([...bob.contacts.all.values()].filter(({ trusted }) => trusted)).toEqual([]);
  });
});

describe('text of others', () => {
  test('is shown without what moves the cursor, changes colors or reverses text', () => {
    expect(printable('\u001b[2Ja\u0007b\u202ec\r\nd\u200be')).toBe('[2Jabcde');
    expect(printable('naïve 日本 👍')).toBe('naïve 日本 👍');
  });
});
