#!/usr/bin/env node
'use strict';

require('./start.js').start('6bed4router');
