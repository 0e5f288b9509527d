/** Names of the packages that are published, and the absolute path of the folder of each. */
export function publicPackages(): Record<string, string>;

/**
 * Packs the public packages, which have to be built, into a folder, as they would be published.
 *
 * @param folder - made unless it is there
 * @returns the absolute path of the archive (`.tgz`) of each package, by its name
 * @throws Error for a package that is not built
 */
export function packPackages(folder: string): Record<string, string>;
