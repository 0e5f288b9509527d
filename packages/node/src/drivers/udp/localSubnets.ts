import { networkInterfaces } from 'node:os';

/**
 * The IPv4 subnets that this computer is directly connected to, without loopback: each as one of its
 * addresses there with the length of the prefix, `A.B.C.D/length`. None where the system does not tell.
 *
 * @param except - name of an interface that does not count, or null
 */
export function localSubnets(except: string | null): string[] {
  const found = new Set<string>();
  for (const [name, addresses] of Object.entries(interfaces())) {
    if (name === except) continue;
    for (const { family, internal, cidr } of addresses ?? []) {
      if (family === 'IPv4' && !internal && cidr !== null) found.add(cidr);
    }
  }
  return [...found].sort();
}

function interfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    // Some systems and runtimes forbid it.
    return {};
  }
}
