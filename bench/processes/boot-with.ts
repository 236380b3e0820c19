// First, as Nest comes first in every application.
import { boot } from './boot-application.js';

import { OidcKeyModule } from 'nestjs-oidc-key';

// The key is in the environment.
await boot([OidcKeyModule.forRootAsync()]);
