/** The drivers by name, and the choice between them. */
export type DriverName = 'auto' | 'linux' | 'portable';

export const driverNames: readonly DriverName[] = ['auto', 'linux', 'portable'];
