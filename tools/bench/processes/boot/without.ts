import { boot } from './boot.js';
import { WithoutModule } from './without.module.js';

await boot(WithoutModule);
