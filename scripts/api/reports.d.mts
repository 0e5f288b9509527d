/**
 * The reports about a built package: their paths in the repository, and texts.
 *
 * @throws Error if its types cannot be compiled
 */
export function reportsOf(folder: string): Map<string, string>;
