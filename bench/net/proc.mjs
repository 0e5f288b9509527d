import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of Linux, the unit of /proc, on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;

/**
 * Seconds of CPU time of all threads of a process: the scheduler's nanoseconds of each thread where the
 * kernel has them, which are more precise than the ticks of 10 ms. It includes the work of the kernel on a
 * sent frame until it is in the queue of the next socket, since all this happens within the system call
 * on virtual links.
 */
export function cpuSeconds(pid) {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
      nanoseconds += Number(text.split(' ')[0]);
    }
    return nanoseconds / 1e9;
  } catch {
    return tickSeconds(pid);
  }
}

/** A process and all that it started, and those started, whose parents still run. */
function treeOf(pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      return text === '' ? [] : text.split(' ');
    });
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [pid];
  }
}

/** CPU time of programs, with all processes of each, as {@link cpuSeconds}. */
export function cpuOfPrograms(programs) {
  return Object.values(programs)
    .flatMap(({ pid }) => treeOf(pid))
    .reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

function tickSeconds(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program is in brackets and may contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
}

/**
 * CPU time of this computer so far, in ticks: total, idle, and stolen by a hypervisor for other machines.
 */
export function cpuTimes() {
  const IDLE = 3;
  const WAITING = 4;
  const STEAL = 7;
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1, 9);
  const numbers = ticks.map(Number);
  return {
    all: numbers.reduce((sum, number) => sum + number, 0),
    idle: numbers[IDLE] + numbers[WAITING],
    stolen: numbers[STEAL],
  };
}

/** CPU time of this computer between two {@link cpuTimes}, in seconds. */
export const busySeconds = (before, after) =>
  (after.all - before.all - (after.idle - before.idle) - (after.stolen - before.stolen)) /
  TICKS_PER_SECOND;

/** Resident memory of a process in bytes: now, and at most so far. */
export function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)[1]) * 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** Packets and bytes that an interface received, in the namespace of a process. */
export function receivedOn(device, pid) {
  const text = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
  const line = text.split('\n').find((one) => one.trimStart().startsWith(`${device}:`));
  if (line === undefined) return null;
  const [bytes, packets] = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  return { bytes, packets };
}

/** Whether the IPv6 route to a prefix goes through an interface, in the namespace of a process. */
export function hasRoute(prefix, length, device, pid) {
  const start = `${prefix} ${length.toString(16).padStart(2, '0')} `;
  return readFileSync(`/proc/${pid}/net/ipv6_route`, 'utf8')
    .split('\n')
    .some((line) => line.startsWith(start) && line.trimEnd().endsWith(` ${device}`));
}

/** Global IPv6 addresses of an interface in the namespace of a process, ready for use. */
export function addressesOn(device, pid) {
  const GLOBAL = '00';
  const TENTATIVE = 0x40;
  return readFileSync(`/proc/${pid}/net/if_inet6`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , scope, flags, name]) => {
      return name === device && scope === GLOBAL && !(Number.parseInt(flags, 16) & TENTATIVE);
    })
    .map(([digits]) => digits.match(/.{4}/g).join(':'));
}
