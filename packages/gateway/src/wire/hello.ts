import { type Endpoint, formatEndpoint, parseEndpoint } from '@6bed4/codec';
import { isToken } from './subprotocol.js';

/** The first message of a gateway: what the client has, and how it keeps that. */
export interface Hello {
  /** The public UDP endpoint of the client, which its 6bed4 address contains. */
  readonly endpoint: Endpoint;
  /** The routers that the gateway carries packets to; one at least. */
  readonly routers: readonly Endpoint[];
  /** Seconds, 1..3600: the client says something when it has heard nothing for so long. */
  readonly keepalive: number;
  /** Names this endpoint when the client comes back over another connection. */
  readonly resume: string;
  /** Seconds, 0..86400, for which the endpoint is kept without a connection. */
  readonly resumeFor: number;
  /** Whether this is the endpoint that the client had before. */
  readonly resumed: boolean;
  /** Datagrams that came for the client while it was away, and are lost. */
  readonly lost: number;
}

const MOST_ROUTERS = 16;
const LONGEST_HELLO = 2048;
const LONGEST_KEEPALIVE = 3600;
const LONGEST_RESUME = 86_400;

/** The text of a hello. */
export function formatHello(hello: Hello): string {
  const routers = hello.routers.map(formatEndpoint);
  return JSON.stringify({ ...hello, endpoint: formatEndpoint(hello.endpoint), routers });
}

/** Reads a hello; null for what is none. Fields that this version does not know are ignored. */
export function parseHello(text: string): Hello | null {
  if (text.length > LONGEST_HELLO) return null;
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return null;
    return helloOf(found as Readonly<Record<string, unknown>>);
  } catch {
    return null;
  }
}

/** @throws InvalidArgumentError for an endpoint that is none */
function helloOf(found: Readonly<Record<string, unknown>>): Hello | null {
  const { routers, keepalive, resume, resumeFor, resumed, lost } = found;
  if (!Array.isArray(routers) || routers.length === 0 || routers.length > MOST_ROUTERS) return null;
  if (!isInteger(keepalive, 1, LONGEST_KEEPALIVE)) return null;
  if (!isInteger(resumeFor, 0, LONGEST_RESUME)) return null;
  if (!isInteger(lost, 0, Number.MAX_SAFE_INTEGER)) return null;
  if (typeof resume !== 'string' || !isToken(resume) || typeof resumed !== 'boolean') return null;
  return {
    endpoint: endpointOf(found['endpoint']),
    routers: routers.map(endpointOf),
    ...{ keepalive, resume, resumeFor, resumed, lost },
  };
}

/** @throws InvalidArgumentError */
function endpointOf(text: unknown): Endpoint {
  return parseEndpoint(String(text), 0, 'endpoint');
}

function isInteger(value: unknown, lowest: number, highest: number): value is number {
  return Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest;
}
