import { InvalidArgumentError } from '@6bed4/codec';
import * as library from '@6bed4/node';
import { copies, hello } from './hello.cjs';

console.log(`${await hello(library)}, ${copies(InvalidArgumentError)} copy`);
