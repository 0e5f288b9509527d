/** The properties of these names that are not undefined. */
export function pick<T extends object, K extends keyof T>(
  options: T,
  ...names: readonly K[]
): Pick<T, K> {
  const chosen: Partial<T> = {};
  for (const name of names) if (options[name] !== undefined) chosen[name] = options[name];
  return chosen as Pick<T, K>;
}
