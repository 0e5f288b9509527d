/** The drivers by name, and the choice between them. */
export type DriverName = 'auto' | 'linux' | 'portable';

/** All of {@link DriverName}. */
export const driverNames: readonly DriverName[] = ['auto', 'linux', 'portable'];
