import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** An ARM machine that an emulator stands in for, with Node.js for it. */
export interface ArmMachine {
  /** `process.arch` there. */
  readonly arch: string;
  /** Version of Node.js, without `v`. */
  readonly version: string;
  /** Runs Node.js by the emulator; null where something is missing. */
  readonly node: string | null;
  /** Folder with the npm packages that ours depend on, built for the machine. */
  readonly modules: string;
}

/** Whether a missing machine is a failure, and not a reason to skip. */
export const REQUIRES_ARM = process.env['SIXBED4_REQUIRE_ARM'] === '1';

const machines: Record<string, { readonly node: string }> = JSON.parse(
  readFileSync(root('scripts/arm/machines.json'), 'utf8'),
);

/** The machines that `npm run arm` prepares. */
export const armMachines: readonly ArmMachine[] = Object.entries(machines).map(
  ([arch, { node }]) => {
    const wrapper = root(`.arm/${arch}/node`);
    return {
      arch,
      version: node.replace(/^.*@/, ''),
      node: existsSync(wrapper) ? wrapper : null,
      modules: root(`.arm/${arch}/modules`),
    };
  },
);
