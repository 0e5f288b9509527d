import { describe, expect, test } from 'vitest';
import { situations, talkBehindOneNat } from './support/sharedNat.js';

describe('two peers with one public address', () => {
  test.each(situations)(
    'take a $path path ($location, hairpinning $hairpinning, homes $filtering, LAN TTL $lanTtl): $reason',
    (situation) => {
      expect(talkBehindOneNat(situation)).toMatchObject({ path: situation.path, lost: 0 });
    },
  );
});
