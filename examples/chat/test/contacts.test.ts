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
  lose: () => boolean = () => false;

  socket(address: string): EventEmitter {
    const socket = Object.assign(new EventEmitter(), {
      bind: () => socket,
      send: (message: string, _port: number, to: string) => {
        this.sent.push(message);
        if (this.lose()) return;
        setTimeout(() => this.deliver(Buffer.from(message), address, to), 10);
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
  readonly seen: string[] = [];
  ticks = 0;
  readonly contacts;
  readonly socket: EventEmitter;

  constructor(wire: Wire, address: string, name: string) {
    this.socket = wire.socket(address);
    this.contacts = openContacts(
      this.socket,
      { name, fingerprint: `key of ${name}` },
      ({ presence }: Contact) => this.seen.push(presence),
      () => this.ticks++,
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

describe('presence', () => {
  test('is away after 12 s of silence, offline after 30 s, and online again after a datagram', async () => {
    alice.contacts.call('key of bob', BOB);
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
    alice.contacts.call('key of bob', BOB);
    await vi.advanceTimersByTimeAsync(100);
    bob.contacts.leave();
    bob.end();
    await vi.advanceTimersByTimeAsync(100);
    expect(alice.seen).toEqual(['online', 'offline']);
  });
});

describe('a called contact', () => {
  test('is known by its fingerprint, and claims it in greetings', async () => {
    alice.contacts.call('key of bob', BOB);
    await vi.advanceTimersByTimeAsync(100);
    expect(alice.contacts.withKey('key of bob').name).toBe('bob');
    expect(bob.contacts.withKey('key of alice')).toBeUndefined();
    expect(bob.contacts.all.get(ALICE).claimed).toBe('key of alice');
  });

  test('keeps what waits for it when it is called at another address', () => {
    const contact = alice.contacts.call('key of bob', '2001:db8::1');
    contact.waiting.push('hello');
    const moved = alice.contacts.call('key of bob', BOB);
    expect(moved).toBe(contact);
    expect([...alice.contacts.all.keys()]).toEqual([BOB]);
    expect(moved.waiting).toEqual(['hello']);
  });

  test('gets nothing of what waits for who had its address before', () => {
    alice.contacts.call('key of carol', BOB).waiting.push('dear Carol');
    const contact = alice.contacts.call('key of bob', BOB);
    expect(contact.waiting).toEqual([]);
    expect(alice.contacts.withKey('key of carol')).toBeUndefined();
  });

  test('gets its turn twice a second while it is online', async () => {
    alice.contacts.call('key of bob', BOB);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(alice.ticks).toBeGreaterThanOrEqual(9);
    wire.lose = () => true;
    await vi.advanceTimersByTimeAsync(13_000);
    const before = alice.ticks;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(alice.ticks).toBe(before);
  });
});

describe('strangers', () => {
  test('are removed when they are silent, unless they were called', async () => {
    alice.contacts.call('key of bob', BOB);
    await vi.advanceTimersByTimeAsync(100);
    alice.end();
    bob.end();
    alice = new Person(wire, ALICE, 'alice');
    bob = new Person(wire, BOB, 'bob');
    alice.contacts.call('key of bob', BOB);
    await vi.advanceTimersByTimeAsync(100);
    wire.lose = () => true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bob.contacts.all.size).toBe(0);
    expect(alice.contacts.all.size).toBe(1);
  });

  test('are limited in number, and do not prevent a call', () => {
    const greeting = Buffer.from(JSON.stringify({ name: 'x' }));
    for (let index = 0; index < 1000; index++) {
      wire.deliver(greeting, `2001:db8:1::${index.toString(16)}`, BOB);
    }
    expect(bob.contacts.all.size).toBe(100);
    bob.contacts.call('key of alice', ALICE);
    expect(bob.contacts.all.size).toBe(101);
  });

  test.each([
    '',
    'null',
    '0',
    '"text"',
    '[]',
    '{',
    '{"fingerprint":"key of bob"}',
    '{"fingerprint":{"toString":1}}',
    '{"__proto__":{"fingerprint":"key of bob"}}',
    '{"name":{"toString":1}}',
  ])('cannot stop the program or become a called contact by sending %s', (text) => {
    expect(() => wire.deliver(Buffer.from(text), ALICE, BOB)).not.toThrow();
    expect([...bob.contacts.all.values()].filter(({ fingerprint }) => fingerprint)).toEqual([]);
  });
});

describe('text of others', () => {
  test('is shown without what moves the cursor, changes colors or reverses text', () => {
    expect(printable('\u001b[2Ja\u0007b\u202ec\r\nd\u200be')).toBe('[2Jabcde');
    expect(printable('naïve 日本 👍')).toBe('naïve 日本 👍');
  });
});
