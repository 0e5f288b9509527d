import { configureGlobal } from 'fast-check';

// Their seeds are part of the names of properties, and tests are chosen by name.
configureGlobal({ seed: 1 });
