import type { DaemonEvent } from '../control/daemonEvents.js';
import { colors } from './color.js';

const NAME_WIDTH = 20;
/** Of ISO 8601 text, the hours to milliseconds. */
const CLOCK = [11, 23] as const;

/** Writes an event for people: local time, name, and what is to be said about it. */
export function eventLine(event: DaemonEvent): string {
  const { time, event: name, ...fields } = event;
  const clock = colors.dim(clockText(time));
  const isBad = name === 'error' || name === 'warning' || name.endsWith('unreachable');
  const title = name.padEnd(NAME_WIDTH);
  return `${clock}  ${isBad ? colors.yellow(title) : title}${detailOf(name, fields)}`.trimEnd();
}

/** The time of day in the zone of this computer. */
function clockText(time: string): string {
  const at = new Date(time);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(...CLOCK);
}

type Fields = Readonly<Record<string, unknown>>;

function detailOf(name: string, fields: Fields): string {
  const text = (field: string): string => String(fields[field]);
  switch (name) {
    case 'address':
      return `${text('address')} by ${text('router')}${ifThere(', was ', fields['previous'])}`;
    case 'address-lost':
      return `${text('address')} by ${text('router')}`;
    case 'path':
      return pathText(fields);
    case 'router-unreachable':
      return `${text('router')}, solicited ${text('attempts')} times`;
    case 'router-reachable':
      return text('router');
    case 'router-lookup':
      return lookupText(fields);
    case 'port-refused':
      return `${text('router')} sees ${text('public')}${ifThere(', moved to port ', fields['movedTo'])}`;
    case 'interface':
      return interfaceText(fields);
    case 'watching':
      return `process ${text('pid')}, version ${text('version')}`;
    case 'events-lost':
      return `${text('count')} were not read in time`;
    default:
      return ifThere('', fields['message']);
  }
}

function lookupText({ name, addresses, router, error }: Fields): string {
  const found =
    error === null ? (addresses as string[]).join(', ') : `not found (${String(error)})`;
  return `${String(name)} is ${found}${ifThere(', using ', router)}`;
}

function pathText(fields: Fields): string {
  const { remote, path, previous, endpoint, confirmedBy, roundTripMs, direction } = fields;
  const roundTrip = typeof roundTripMs === 'number' ? ` ${roundTripMs.toFixed(1)} ms` : '';
  const where = `${ifThere(' ', endpoint)}${roundTrip}${ifThere(', ', confirmedBy)}`;
  const kind = path === 'relayed' ? colors.yellow(String(path)) : colors.green(String(path));
  const before = previous === path ? '' : ifThere(', was ', previous);
  const began = direction === 'inbound' ? ' (inbound)' : '';
  return `${String(remote)}${began} ${kind}${where}${before}`;
}

function interfaceText({ tun, missing, disputed }: Fields): string {
  const parts = (missing as { part: string; reason: string }[]).map(
    ({ part, reason }) => `${part} (${reason})`,
  );
  const is = parts.length === 0 ? 'complete' : `without ${parts.join(', ')}`;
  const others = (disputed as string[]).length === 0 ? '' : `, disputed ${String(disputed)}`;
  return `${String(tun)} ${is}${others}`;
}

function ifThere(before: string, value: unknown): string {
  return value === null || value === undefined ? '' : `${before}${String(value)}`;
}
