'use strict';

const { InvalidArgumentError } = require('@6bed4/codec');
const library = require('@6bed4/node');
const { copies, hello } = require('./hello.cjs');

hello(library).then((text) => console.log(`${text}, ${copies(InvalidArgumentError)} copy`));
