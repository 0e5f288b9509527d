import { formatIPv6, type Prefix, parseIPv6 } from '@6bed4/codec';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { addressName, UP } from '../interfaceReport.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import type { InterfaceRouting } from './interfaceRouting.js';
import type { NetworkInterface } from './networkInterface.js';

/** Something that an interface has to have. */
export interface InterfacePart {
  /** Says all that matters of it; two parts of the same name are the same. */
  readonly name: string;
  readonly kind: 'link' | 'address' | 'preference' | 'rule' | 'route' | 'label';
  /** Whether it needs the rules. */
  readonly isBehindRules?: boolean;
  readonly onlyBesideNative?: boolean;
  /** @throws StartError */
  add(): void;
  /** @throws StartError */
  remove(): void;
}

/** All parts of an interface, in the order in which they are added. */
export function partsOf(
  plan: InterfacePlan,
  device: NetworkInterface,
  routing: InterfaceRouting,
): InterfacePart[] {
  const none = (): void => {};
  return [
    { kind: 'link', name: mtuName(TUNNEL_MTU), add: () => device.setMtu(TUNNEL_MTU), remove: none },
    { kind: 'link', name: UP, add: () => device.bringUp(), remove: none },
    ...plan.addresses.flatMap((text) =>
      addressParts(parseInterfaceAddress(text), !plan.deprecated.includes(text), device),
    ),
    ...plan.rules.map((rule) => ({
      kind: 'rule' as const,
      name: routing.ruleName(rule),
      add: () => routing.addRule(rule),
      remove: () => routing.removeRule(rule),
    })),
    ...plan.routes.map((route) => ({
      kind: 'route' as const,
      name: routing.routeName(route),
      isBehindRules: route.table === 'own',
      onlyBesideNative: route.onlyBesideNative ?? false,
      add: () => routing.addRoute(route),
      remove: () => routing.removeRoute(route),
    })),
    ...plan.labels.map((prefix) => ({
      kind: 'label' as const,
      name: routing.labelName(prefix),
      add: () => routing.addLabel(prefix),
      remove: () => routing.removeLabel(prefix),
    })),
  ];
}

/** The names of the parts that an interface has. */
export function presentParts(device: NetworkInterface, routing: InterfaceRouting): Set<string> {
  const link = device.link();
  const present = routing.present();
  if (link !== null) present.add(mtuName(link.mtu));
  if (link?.isUp) present.add(UP);
  for (const { address, isUsable, isDeprecated } of device.addresses()) {
    if (!isUsable) continue;
    const name = addressName(formatIPv6(address.bytes));
    present.add(name).add(preferenceName(name, !isDeprecated));
  }
  return present;
}

/** Reads `address/length` where the address has bits beyond the length. */
export function parseInterfaceAddress(text: string): Prefix {
  const slash = text.indexOf('/');
  return { bytes: parseIPv6(text.slice(0, slash)), length: Number(text.slice(slash + 1)) };
}

function addressParts(
  address: Prefix,
  isPreferred: boolean,
  device: NetworkInterface,
): InterfacePart[] {
  const name = addressName(formatIPv6(address.bytes));
  return [
    {
      kind: 'address',
      name,
      add: () => device.addAddress(address),
      remove: () => device.removeAddress(address),
    },
    {
      kind: 'preference',
      name: preferenceName(name, isPreferred),
      add: () => device.preferAddress(address, isPreferred),
      remove: () => {},
    },
  ];
}

const mtuName = (mtu: number): string => `MTU ${mtu}`;

/** @param address - name of the part that is the address */
export function preferenceName(address: string, isPreferred: boolean): string {
  return `${isPreferred ? 'preferred' : 'deprecated'} ${address}`;
}
