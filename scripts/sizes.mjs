#!/usr/bin/env node
// What the built packages cost those who use them, against the budgets: bytes where they are
// installed, bytes in a bundle, time to import.
import { measureSizes } from './lib/sizes.mjs';

for (const { label, value, unit, budget } of measureSizes()) {
  const fits = value < budget;
  console.log(`${fits ? 'ok  ' : 'FAIL'} ${value.toFixed(1)} of ${budget} ${unit}  ${label}`);
  if (!fits) process.exitCode = 1;
}
