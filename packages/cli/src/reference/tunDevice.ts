import { existsSync } from 'node:fs';
import { UsageError } from '../options/usageError.js';

/** The device from which the kernel makes interfaces. */
const CLONE_DEVICE = /^\/dev\/net\/tun$/;
const DEVICE = /^\/dev\/(?:net\/)?([^/]+)$/;

/** Whether a text is the path of a device. */
export function isDevicePath(text: string): boolean {
  return text.startsWith('/');
}

/**
 * The interface that the path of a tunnel device means: on Linux it has the name of the file, and must have
 * been prepared. `/dev/net/tun` is where interfaces come from: a new one is made.
 *
 * @param exists - whether there is an interface of a name
 * @throws UsageError
 */
export function interfaceOfDevice(
  path: string,
  exists: (name: string) => boolean = isInterface,
): readonly string[] {
  if (CLONE_DEVICE.test(path)) return [];
  const name = DEVICE.exec(path)?.[1];
  if (name === undefined) {
    throw new UsageError(
      `--tundev: found ${JSON.stringify(path)}, expected a device such as /dev/tun0`,
    );
  }
  if (!exists(name)) {
    const remedy = `run "ip tuntap add name ${name} mode tun"`;
    throw new UsageError(`--tundev: there is no interface ${name} for ${path}: ${remedy}`);
  }
  return ['--tun', name];
}

function isInterface(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}
