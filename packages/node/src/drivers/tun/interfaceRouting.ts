import { formatIPv6, formatPrefix, type Prefix, parseIPv6, parsePrefix } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  AF_INET6,
  RT_TABLE_MAIN,
  RTM_GETADDRLABEL,
  RTM_GETRULE,
  SIOCGIFNAME,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from '../kernel/constants.js';
import { indexRequest } from '../kernel/interfaceRequests.js';
import type { Libc } from '../kernel/libc.js';
import type { NetlinkMessage } from '../kernel/netlinkMessages.js';
import {
  type AddressLabel,
  dumpMessage,
  labelMessage,
  lookupMessage,
  type Route,
  type Rule,
  readLabel,
  readRoute,
  readRule,
  routeMessage,
  routesMessage,
  ruleMessage,
} from '../kernel/routingMessages.js';
import type { Rtnetlink } from '../kernel/rtnetlink.js';
import {
  DEFAULT_ROUTE_METRIC,
  FROM_OWN_PRIORITY,
  LAST_PRIORITY,
  type PlannedRoute,
  type PlannedRule,
  ROUTE_METRIC,
} from '../ports/interfacePlan.js';
import type { NetworkInterface } from './networkInterface.js';

/** The table of an interface is this number and its index. */
const FIRST_TABLE = 0x6bed0000;
/** More interfaces than any computer had since it was started. */
const MOST_INTERFACES = 2 ** 24;
/** The address label of all that is 6bed4. */
const LABEL = 0x6bed;

/** An address that only a route to the whole Internet leads to (RFC 9637). */
const NATIVE = parseIPv6('3fff::1');

/** Errors of the kernel that say that something is as wanted already. */
const PRESENT: readonly string[] = ['EEXIST'];
const ABSENT: readonly string[] = ['ESRCH', 'ENOENT', 'ENODEV', 'EADDRNOTAVAIL'];

/**
 * Routes through one network interface, rules for the routing table that is its own, and labels of its
 * addresses, by rtnetlink(7). The kernel removes only the routes together with the interface.
 */
export class InterfaceRouting {
  readonly #libc: Libc;
  readonly #netlink: Rtnetlink;
  readonly #device: NetworkInterface;
  readonly #index: number;
  readonly #table: number;

  constructor(libc: Libc, device: NetworkInterface) {
    const { index, netlink } = device;
    this.#libc = libc;
    this.#netlink = netlink;
    this.#device = device;
    this.#index = index;
    this.#table = FIRST_TABLE + index;
  }

  /** What there is for the interface, by the names that {@link routeName} and its like give. */
  present(): Set<string> {
    const routes = this.#all(routesMessage(this.#index), readRoute).filter(
      ({ interfaceIndex, table }) => interfaceIndex === this.#index && this.#isOurs(table),
    );
    const rules = this.#all(dumpMessage(RTM_GETRULE), readRule).filter(
      ({ table }) => table === this.#table,
    );
    const labels = this.#all(dumpMessage(RTM_GETADDRLABEL), readLabel).filter(
      ({ interfaceIndex, label }) => interfaceIndex === this.#index && label === LABEL,
    );
    return new Set([
      ...routes.map((route) => this.#nameOfRoute(route)),
      ...rules.map(nameOfRule),
      ...labels.map(nameOfLabel),
    ]);
  }

  /** The name of a route, which says all that matters of it. */
  routeName(route: PlannedRoute): string {
    return this.#nameOfRoute(this.#route(route));
  }

  ruleName(rule: PlannedRule): string {
    return nameOfRule(this.#rule(rule));
  }

  labelName(prefix: string): string {
    return nameOfLabel(this.#label(prefix));
  }

  /** Whether another interface leads to the whole Internet. */
  hasNativeDefault(): boolean {
    let index: number | null = null;
    this.#netlink.request(lookupMessage(NATIVE), (message) => {
      index = readRoute(message)?.interfaceIndex ?? null;
    });
    return index !== null && index !== this.#index;
  }

  /** Adds a route that is not present. @throws StartError */
  addRoute(route: PlannedRoute): void {
    const message = routeMessage('add', this.#route(route));
    const command = this.#routeCommand('add', route);
    let code = this.#change(message, [], command);
    if (code === 'EEXIST') {
      // Another source is no reason for the kernel to take it for another route.
      const removal = routeMessage('remove', this.#route(route));
      this.#change(removal, ABSENT, this.#routeCommand('delete', route));
      code = this.#change(message, PRESENT, command);
    }
    if (code === null) return;
    const where = `${route.prefix} dev ${this.#device.name}`;
    const why = `cannot add route ${where}: ${code}; packets to it will not use the tunnel`;
    throw new StartError(code, why);
  }

  /** Removes a route, if it is present. @throws StartError */
  removeRoute(route: PlannedRoute): void {
    const message = routeMessage('remove', this.#route(route));
    this.#remove(message, 'a route', this.#routeCommand('delete', route));
  }

  /** Adds a rule for the table of the interface, unless it is present. @throws StartError */
  addRule(rule: PlannedRule): void {
    const message = ruleMessage('add', this.#rule(rule));
    const code = this.#change(message, PRESENT, this.#ruleCommand('add', rule));
    if (code === null) return;
    const why = `the kernel refuses routing rules: ${code}; what routers offer will not be used`;
    throw new StartError(code, why);
  }

  /** Removes a rule, if it is present. @throws StartError */
  removeRule(rule: PlannedRule): void {
    const message = ruleMessage('remove', this.#rule(rule));
    this.#remove(message, 'a routing rule', this.#ruleCommand('delete', rule));
  }

  /** Labels addresses under a prefix as 6bed4, unless they are. @throws StartError */
  addLabel(prefix: string): void {
    const message = labelMessage('add', this.#label(prefix));
    const code = this.#change(message, PRESENT, this.#labelCommand('add', prefix));
    if (code === null) return;
    const why = `cannot label addresses under ${prefix}: ${code}; they may precede native ones`;
    throw new StartError(code, why);
  }

  /** Removes the label of a prefix, if it is present. @throws StartError */
  removeLabel(prefix: string): void {
    const message = labelMessage('remove', this.#label(prefix));
    this.#remove(message, 'an address label', this.#labelCommand('delete', prefix));
  }

  /**
   * Removes the rules and labels that processes left which were killed: those for this interface, and
   * for interfaces that are no more. And, when this interface outlived them, their routes through it. What the kernel
   * refuses stays.
   *
   * @returns the sources of the rules for this interface: addresses under them were left, too
   */
  removeLeftovers(): Prefix[] {
    const rules = this.#all(dumpMessage(RTM_GETRULE), readRule).filter(
      ({ priority, table }) =>
        (priority === FROM_OWN_PRIORITY || priority === LAST_PRIORITY) &&
        this.#isLeftBy(table - FIRST_TABLE),
    );
    const labels = this.#all(dumpMessage(RTM_GETADDRLABEL), readLabel).filter(
      ({ label, interfaceIndex }) => label === LABEL && this.#isLeftBy(interfaceIndex),
    );
    const own = rules.filter(({ table }) => table === this.#table);
    // Nothing can be left on an interface without rules that lead to its table.
    const routes = own.length > 0 ? this.#all(routesMessage(this.#index), readRoute) : [];
    for (const route of routes.filter((each) => this.#isLeft(each))) {
      this.#netlink.request(routeMessage('remove', route));
    }
    for (const rule of rules) this.#netlink.request(ruleMessage('remove', rule));
    for (const label of labels) this.#netlink.request(labelMessage('remove', label));
    return own.flatMap(({ from }) => from ?? []);
  }

  /** Whether a route of this interface is one of those that a process for it adds. */
  #isLeft({ table, metric, interfaceIndex }: Route): boolean {
    if (table === this.#table) return true;
    const isOfPlan = metric === ROUTE_METRIC || metric === DEFAULT_ROUTE_METRIC;
    return table === RT_TABLE_MAIN && interfaceIndex === this.#index && isOfPlan;
  }

  #isOurs(table: number): boolean {
    return table === RT_TABLE_MAIN || table === this.#table;
  }

  #nameOfRoute({ destination, table, metric, source }: Route): string {
    const own = table === RT_TABLE_MAIN ? '' : ' in the own table';
    const from = source === null ? '' : ` from ${formatIPv6(source)}`;
    return `route ${formatPrefix(destination)} metric ${metric}${from}${own}`;
  }

  #route({ prefix, metric, table, source }: PlannedRoute): Route {
    return {
      destination: parsePrefix(prefix),
      table: table === 'main' ? RT_TABLE_MAIN : this.#table,
      metric,
      source: source === null ? null : parseIPv6(source),
      interfaceIndex: this.#index,
    };
  }

  #rule({ priority, from }: PlannedRule): Rule {
    return { priority, from: from === null ? null : parsePrefix(from), table: this.#table };
  }

  #label(prefix: string): AddressLabel {
    return { prefix: parsePrefix(prefix), interfaceIndex: this.#index, label: LABEL };
  }

  /** Whether something for this interface index is of no use any more. */
  #isLeftBy(index: number): boolean {
    if (index === this.#index) return true;
    return index > 0 && index < MOST_INTERFACES && !this.#exists(index);
  }

  #exists(index: number): boolean {
    const fd = this.#libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    const failed = this.#libc.ioctl(fd, SIOCGIFNAME, indexRequest(index)) < 0;
    const isMissing = failed && this.#libc.nameOf(this.#libc.errno()) === 'ENODEV';
    this.#libc.close(fd);
    return !isMissing;
  }

  #all<T>(request: Uint8Array, read: (message: NetlinkMessage) => T | null): T[] {
    const found: T[] = [];
    this.#netlink.request(request, (message) => {
      const one = read(message);
      if (one !== null) found.push(one);
    });
    return found;
  }

  #remove(message: Uint8Array, what: string, command: string): void {
    const code = this.#change(message, ABSENT, command);
    if (code === null) return;
    throw new StartError(code, `removing ${what} of ${this.#device.name} failed: ${code}`);
  }

  /**
   * @param command - what does the same, for an administrator
   * @returns the name of the error, or null; for missing privileges throws at once
   */
  #change(message: Uint8Array, accepted: readonly string[], command: string): string | null {
    const code = this.#netlink.request(message);
    if (code === null || accepted.includes(code)) return null;
    if (code !== 'EPERM') return code;
    throw new StartError(code, `routing needs root or CAP_NET_ADMIN: run "${command}"`);
  }

  #routeCommand(verb: 'add' | 'delete', { prefix, table, metric, source }: PlannedRoute): string {
    const where = table === 'own' ? ` table ${this.#table}` : '';
    const from = source === null ? '' : ` src ${source}`;
    return `ip -6 route ${verb} ${prefix} dev ${this.#device.name}${where} metric ${metric}${from}`;
  }

  #ruleCommand(verb: 'add' | 'delete', { priority, from }: PlannedRule): string {
    return `ip -6 rule ${verb} from ${from ?? 'all'} lookup ${this.#table} priority ${priority}`;
  }

  #labelCommand(verb: 'add' | 'delete', prefix: string): string {
    return `ip addrlabel ${verb} prefix ${prefix} dev ${this.#device.name} label ${LABEL}`;
  }
}

function nameOfRule({ priority, from }: Rule): string {
  return `rule ${priority} from ${from === null ? 'all' : formatPrefix(from)}`;
}

function nameOfLabel({ prefix }: AddressLabel): string {
  return `label of ${formatPrefix(prefix)}`;
}
