import { boot } from './boot.js';
import { WithModule } from './with.module.js';

await boot(WithModule);
