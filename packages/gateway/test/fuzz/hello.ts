import { demand, type FuzzTarget, textBytes, textOf } from '@6bed4/testing/fuzzTarget';
import { formatHello, parseHello, readSubprotocols } from '../../src/index.js';

const SEED =
  '{"endpoint":"192.0.2.1:40000","routers":["192.0.2.1:25790"],"keepalive":20,"resume":"a","resumeFor":60,"resumed":false,"lost":0}';

/** Text that a gateway may greet with, and subprotocols that a client may offer. */
export const target: FuzzTarget = {
  longest: 2100,
  seeds: textBytes(SEED, '6bed4.v1,6bed4.token.a,6bed4.resume.b'),
  words: textBytes('"endpoint"', '"routers"', '[', ']', '{', '}', 'true', 'null', '6bed4.token.'),
  run(input) {
    const text = textOf(input);
    const hello = parseHello(text);
    if (hello !== null) {
      demand(
        JSON.stringify(parseHello(formatHello(hello))) === JSON.stringify(hello),
        'a hello is read as it was written',
      );
    }
    const found = readSubprotocols(text.split(',').map((one) => one.trim()));
    for (const word of [found?.token ?? 'a', found?.resume ?? 'a']) {
      demand(word.length > 0 && !word.includes('\n'), 'tokens are words');
    }
  },
};
