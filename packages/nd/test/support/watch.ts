/**
 * Bytes of which only those from `start` to `end` may be read, and none written. Every other access
 * goes into `violations`.
 */
export function watch(
  bytes: Uint8Array,
  start: number,
  end: number,
  violations: string[],
): Uint8Array {
  const ranges = (name: 'slice' | 'subarray') => (from: number, to: number) => {
    if (!(from >= start && to <= end && from <= to)) violations.push(`${name}(${from}, ${to})`);
    return bytes[name](from, to);
  };
  const methods: Readonly<Record<string, unknown>> = {
    slice: ranges('slice'),
    subarray: ranges('subarray'),
    length: bytes.length,
  };
  return new Proxy(bytes, {
    get: (target, property) => {
      if (typeof property === 'string' && property in methods) return methods[property];
      const index = typeof property === 'string' ? Number(property) : Number.NaN;
      if (Number.isNaN(index)) {
        violations.push(`get ${String(property)}`);
      } else if (index < start || index >= end) {
        violations.push(`read ${index}`);
      }
      return Reflect.get(target, property, target);
    },
    set: (_, property) => {
      violations.push(`write ${String(property)}`);
      return false;
    },
  });
}
