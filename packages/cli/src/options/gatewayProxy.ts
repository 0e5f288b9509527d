/** The HTTP proxy for a gateway, as the usual variables HTTPS_PROXY, ALL_PROXY and NO_PROXY say; null for none. */
export async function proxyOfEnvironment(gateway: string): Promise<string | null> {
  // Who needs no gateway needs no proxy either.
  const { getProxyForUrl } = await import('proxy-from-env');
  const proxy = getProxyForUrl(gateway.replace(/^ws/, 'http'));
  return proxy === '' ? null : proxy;
}
