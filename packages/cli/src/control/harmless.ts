/** Characters that end a line, or that terminals obey. */
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;

/**
 * A value of JSON without control characters in its texts and names: whoever answers at a control socket may be another
 * user, and the answer is shown on a terminal, often that of root.
 */
export function harmless<T>(value: T): T {
  return cleaned(value) as T;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return harmlessText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [harmlessText(name), cleaned(each)]),
  );
}

/** A text as one line that terminals obey nothing of. */
export function harmlessText(text: string): string {
  return text.replace(CONTROL, '?');
}
