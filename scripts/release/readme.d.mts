/**
 * The README of a package as it is published: links to files of the repository are addresses.
 *
 * @param text - the README of the repository
 * @param folder - the absolute path of its package
 * @param version - the version that is published, whose tag is `v` and this
 * @throws Error for a link to a file that is not there
 */
export function publishedReadme(text: string, folder: string, version: string): string;
