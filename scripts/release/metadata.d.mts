/** The page of the repository, such as `https://github.com/OWNER/NAME`. */
export function repositoryPage(): string;

/** The fields that the package.json of a public package in this folder has to have. */
export function metadataOf(folder: string): {
  author: string;
  homepage: string;
  repository: { type: string; url: string; directory: string };
  bugs: { url: string };
  publishConfig: { access: string; provenance: boolean };
};
