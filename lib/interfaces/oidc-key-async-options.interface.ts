import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';

import type { OidcKeyExtras } from './oidc-key-extras.interface.js';
import type { OidcKeyFactoryOptions } from './oidc-key-options.interface.js';

/** The usual `imports`, `inject` and one of `useFactory`, `useClass`, `useExisting`; none of them is needed. */
export type OidcKeyAsyncOptions = OidcKeyExtras &
  ConfigurableModuleAsyncOptions<OidcKeyFactoryOptions, 'createOidcKeyOptions'>;
