import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Screen, type Terminal } from '../../src/output/screen.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';

class FakeInput extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  isFlowing = false;

  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }

  resume(): this {
    this.isFlowing = true;
    return this;
  }

  pause(): this {
    this.isFlowing = false;
    return this;
  }
}

class FakeOutput extends EventEmitter {
  columns = 100;
  rows = 30;
  text = '';

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

let screen: Screen | null = null;

afterEach(() => {
  screen?.close();
  vi.restoreAllMocks();
});

function open() {
  const input = new FakeInput();
  const output = new FakeOutput();
  const onEnd = vi.fn();
  const onResize = vi.fn();
  screen = new Screen({ input, output } as unknown as Terminal, onEnd, onResize);
  screen.open();
  return { screen, input, output, onEnd, onResize };
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGCONT', 'exit'] as const;
const listeners = (): number[] => signals.map((one) => process.listenerCount(one));

describe('the screen', () => {
  test('gives the terminal back as it was', () => {
    const before = listeners();
    const { screen, input, output } = open();
    expect([output.text, input.isRaw, input.isFlowing]).toEqual([ENTER, true, true]);
    screen.close();
    expect([output.text, input.isRaw, input.isFlowing]).toEqual([ENTER + LEAVE, false, false]);
    expect(listeners()).toEqual(before);
    expect([input.listenerCount('data'), output.listenerCount('resize')]).toEqual([0, 0]);
  });

  test('gives it back only once, and draws nothing any more', () => {
    const { screen, output } = open();
    screen.close();
    screen.close();
    screen.draw(['late']);
    expect(output.text).toBe(ENTER + LEAVE);
  });

  test('gives it back also when the process ends otherwise', () => {
    const { output } = open();
    process.listeners('exit').at(-1)!(1);
    expect(output.text).toBe(ENTER + LEAVE);
  });

  test('draws over what was there, and clears the rest of lines and screen', () => {
    const { screen, output } = open();
    screen.draw(['one', 'two']);
    expect(output.text).toBe(`${ENTER}\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J`);
  });

  test.each([
    ['q', 1],
    ['\x03', 1],
    ['x', 0],
    ['\x1b[A', 0],
  ])('ends by the key %j: %d', (key, calls) => {
    const { input, onEnd } = open();
    input.emit('data', Buffer.from(key));
    expect(onEnd).toHaveBeenCalledTimes(calls);
  });

  test('is left while the process is stopped, and taken again after that', () => {
    const { input, output, onResize } = open();
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    input.emit('data', Buffer.from('\x1a'));
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGSTOP');
    expect([output.text, input.isRaw]).toEqual([ENTER + LEAVE, false]);
    process.emit('SIGCONT');
    expect([output.text, input.isRaw]).toEqual([ENTER + LEAVE + ENTER, true]);
    expect(onResize).toHaveBeenCalledTimes(1);
  });

  test('has 80 by 24 characters where the terminal does not tell', () => {
    const { screen, output } = open();
    expect(screen.size).toEqual({ columns: 100, rows: 30 });
    output.columns = 0;
    output.rows = 0;
    expect(screen.size).toEqual({ columns: 80, rows: 24 });
  });
});
