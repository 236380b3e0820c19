import { boot } from './boot-application.js';

await boot([]);
