#!/usr/bin/env node
import { start } from './start.js';

await start('6bed4');
