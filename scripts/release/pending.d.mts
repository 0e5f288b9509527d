/**
 * Whether npm's answer to `npm view NAME@VERSION version --json` says that the registry does not have it.
 *
 * @throws Error if it says neither that nor the version
 */
export function isMissing(stdout: string, version: string): boolean;
