/** A property of the slots of a table. */
export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/**
 * A column of a table with room for more slots: a longer copy of a typed array.
 *
 * @param length - elements, no fewer than there are
 * @param fill - the value of those that are new
 */
export function grown<T extends Column>(column: T, length: number, fill = 0): T {
  const longer = new (column.constructor as new (length: number) => T)(length);
  longer.set(column);
  longer.fill(fill, column.length);
  return longer;
}
