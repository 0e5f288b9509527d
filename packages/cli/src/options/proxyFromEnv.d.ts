/** The part of `proxy-from-env` that is used, which has no types. */
declare module 'proxy-from-env' {
  /** The proxy for a URL by the environment; empty for none. */
  export function getProxyForUrl(url: string): string;
}
