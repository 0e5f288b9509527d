import type { Endpoint } from '@6bed4/codec';
import type { Router } from '@6bed4/tunnel';

/** What a router's daemon asks of its machine. */
export const routerQueries = {
  address: (router: Router): string => router.address,
  prefix: (router: Router): string => router.prefix,
  endpoint: (router: Router): Endpoint => router.endpoint,
};

/** What a router's daemon tells its machine to do: it needs to be told nothing. */
export const routerCommands = {};
