/** An object type whose properties may be absent but not `undefined`. */
export type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The properties that have a value, so that defaults apply to the others. */
export function defined<T extends object>(properties: T): Defined<T> {
  const present = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Defined<T>;
}
