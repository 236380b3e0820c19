// Compiled, never run: an application that checks the declarations of its libraries too.
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';

export const jwt = new JwtService({ key: 'pem' });
export const imports = [OidcKeyModule.forRootAsync({ isGlobal: true })];
export const providers = [JwtService, KeyInfo];
