#!/usr/bin/env node
// What `highwater` starts: the only place that touches argv and the process's exit code.

import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));
