/**
 * Tests for drivers of the machines: what every driver has to do, whatever platform it is for.
 *
 * @packageDocumentation
 */
export type { DriverCallbacks, MachineFactory, OpenDriver, OpenedDriver } from './driver.js';
export { type DriverTest, type DriverTestOptions, driverTests } from './driverTests.js';
