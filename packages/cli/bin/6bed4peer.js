#!/usr/bin/env node
'use strict';

const { start } = require('./start.js');

start('6bed4peer');
