import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';

import type { INestApplication } from '@nestjs/common';

import { OidcKeyError } from '../../core/errors.js';
import { JwtService } from '../../core/jwt/jwt.service.js';
import { KeyInfo } from '../../core/ring/key-info.js';
import { jwksPathOf } from '../../jwks/jwks-path.js';
import { OIDC_KEY_EXTRAS } from '../../oidc-key.module-definition.js';
import type { ResolvedExtras } from '../../oidc-key.module-definition.js';
import { invalidOption } from '../../options/given-options.js';
import { KeyRotation } from '../../rotation/key-rotation.js';
import type { TestClock } from './test-clock.js';

/** One application, as relying parties see it, and as it sees its keys. */
export class Replica {
  readonly app: INestApplication;
  /** Inside a sentence. */
  readonly name: string;
  readonly rotation: KeyRotation;
  readonly jwksUri: URL;
  /** When it asked its source last, by the clock of the test. */
  #asked: number | undefined;
  #asks = 0;

  private constructor(app: INestApplication, name: string, rotation: KeyRotation, jwksUri: URL) {
    this.app = app;
    this.name = name;
    this.rotation = rotation;
    this.jwksUri = jwksUri;
  }

  /** Makes the application listen where it does not yet. */
  static async of(app: INestApplication, name: string, jwksPath: string | undefined): Promise<Replica> {
    const rotation = rotationIn(app, name);
    const server = app.getHttpServer() as Server;
    if (server instanceof TlsServer) {
      throw invalidOption(
        'The application has `httpsOptions`, and the relying parties of withRotation speak HTTP alone. Create it without ' +
          'them for this test.',
      );
    }
    if (!server.listening) await app.listen(0, '127.0.0.1');
    return new Replica(app, name, rotation, new URL(jwksPath ?? pathIn(app), urlOf(server)));
  }

  /** Where a sentence begins. */
  get nameAtBeginning(): string {
    return `${this.name.charAt(0).toUpperCase()}${this.name.slice(1)}`;
  }

  get jwt(): JwtService {
    return this.app.get(JwtService, { strict: false });
  }

  get keys(): KeyInfo {
    return this.app.get(KeyInfo, { strict: false });
  }

  /** How often it asks its source, in milliseconds; undefined where it asks never again. */
  get interval(): number | undefined {
    const { source, reloadInterval = source.reloadInterval } = this.rotation.options;
    if (reloadInterval !== undefined) return reloadInterval * 1000;
    // What changes is seen at once, in real time, of which a test has none.
    return source.watch ? 0 : undefined;
  }

  takeTime(clock: TestClock): void {
    this.rotation.replace({ clock: clock.read });
    this.#asked ??= clock.now;
  }

  /** Does what it would have done by now. */
  async letPass(now: number): Promise<void> {
    const { interval } = this;
    if (interval !== undefined && now - this.#asked! >= interval) await this.ask(now);
    this.rotation.letPass();
  }

  /** Asks its source, whether that is due or not. */
  async ask(now: number): Promise<void> {
    this.#asked = now;
    this.#asks += 1;
    await this.rotation.reload();
  }

  /** How often it has asked: instants tell nothing where the clock stands still. */
  get asks(): number {
    return this.#asks;
  }

  /** When it asks its source again. */
  get asksAt(): number | undefined {
    const { interval } = this;
    return interval === undefined ? undefined : this.#asked! + interval;
  }
}

/** @throws OidcKeyError `OIDC_KEY_MISSING` */
function rotationIn(app: INestApplication, name: string): KeyRotation {
  try {
    return app.get(KeyRotation, { strict: false });
  } catch {
    // Nest says which of our symbols it does not find.
    throw new OidcKeyError(
      'OIDC_KEY_MISSING',
      `withRotation finds no OidcKeyModule in ${name}, and so no keys to rotate. Import \`OidcKeyTestingModule.forRoot()\` in ` +
        'the testing module, or the module of your application that imports OidcKeyModule.',
    );
  }
}

/** Of the server itself, since supertest makes it listen behind Nest's back. */
function urlOf(server: Server): string {
  const { port, address, family } = server.address() as AddressInfo;
  const isEvery = address === '::' || address === '0.0.0.0';
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `http://${isEvery ? '127.0.0.1' : host}:${port}`;
}

function pathIn(app: INestApplication): string {
  const { jwks } = app.get<ResolvedExtras>(OIDC_KEY_EXTRAS, { strict: false });
  if (jwks !== false) return jwksPathOf(jwks);
  throw invalidOption(
    'The application serves the JWKS itself (`jwks: false`). Give withRotation its path: { jwksPath }.',
  );
}
