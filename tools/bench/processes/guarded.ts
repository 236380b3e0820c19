import 'reflect-metadata';

import { guards } from '../guards.js';
import type { GuardedOptions } from '../guards.js';
import { serve } from './serve.js';

const { guard, ...trust } = JSON.parse(process.argv[2]!) as GuardedOptions;
const { application } = await guards[guard]();
await serve(() => application(trust));
