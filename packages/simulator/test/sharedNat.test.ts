import { describe, expect, test } from 'vitest';
import { meetBehindOne, situations } from './support/sharedNat.js';

describe('two peers with one public address', () => {
  test.each(situations)(
    '$place, hairpinning $hairpinning, homes $filtering, LAN TTL $lanTtl: $path, as $reason',
    (situation) => {
      expect(meetBehindOne(situation)).toMatchObject({ path: situation.path, lost: 0 });
    },
  );
});
