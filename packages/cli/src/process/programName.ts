/** The name by which this program was started: `6bed4`, or that of a C command; `prepare` puts it into the title. */
export function programName(): string {
  return process.title.split(' ', 1)[0]!;
}
