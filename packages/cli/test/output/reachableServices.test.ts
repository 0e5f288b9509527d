import { expect, test } from 'vitest';
import { openPorts } from '../../src/output/reachableServices.js';

const ANY = '0'.repeat(32);
const LOOPBACK = `${'0'.repeat(24)}01000000`;

function table(...rows: readonly (readonly [string, string, string, string])[]): string {
  const head = '  sl  local_address remote_address st tx_queue rx_queue\n';
  return (
    head +
    rows
      .map(([local, port, remotePort, state], at) => {
        return `   ${at}: ${local}:${port} ${ANY}:${remotePort} ${state} 00000000:00000000\n`;
      })
      .join('')
  );
}

test('ports at which something listens on all addresses are found, once and ascending', () => {
  const rows = table(
    [ANY, '1F90', '0000', '0A'],
    [ANY, '0016', '0000', '0A'],
    [ANY, '0016', '0000', '0A'],
  );
  expect(openPorts(rows, '0A')).toEqual([22, 8080]);
});

test('services of one address, connections and other states are none of them', () => {
  const rows = table(
    [LOOPBACK, '0016', '0000', '0A'],
    [ANY, '0017', '01BB', '0A'],
    [ANY, '0018', '0000', '01'],
  );
  expect(openPorts(rows, '0A')).toEqual([]);
});

test('no table and lines of another form have none', () => {
  expect(openPorts('', '0A')).toEqual([]);
  expect(openPorts('  sl  local_address\nnonsense\n', '07')).toEqual([]);
});
