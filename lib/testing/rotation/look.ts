import { BrokenRotationError } from './broken-rotation-error.js';
import type { BrokenRotationCode } from './broken-rotation-error.js';
import { inWords } from './durations.js';
import type { History } from './history.js';
import type { Published } from './published.js';
import type { RelyingParty } from './relying-parties/relying-party.js';
import type { Replica } from './replica.js';
import type { SignedToken } from './signed-token.js';

/** What is there at one instant, to be held against what has to be so. */
export interface Scene {
  readonly now: number;
  readonly published: readonly Published[];
  readonly history: History;
  /** Those that are alive, and not of a revoked key. */
  readonly tokens: readonly SignedToken[];
}

const broken = ({ now }: Scene, code: BrokenRotationCode, message: string) =>
  new BrokenRotationError(code, message, new Date(now));

/**
 * What the replicas know of their keys, they publish.
 *
 * @throws BrokenRotationError
 */
export function checkSlots(scene: Scene): void {
  for (const { by, keys } of scene.published) {
    for (const { kid, slot } of by.rotation.status().keys) {
      if (slot !== 'next' || keys.has(kid)) continue;
      throw broken(
        scene,
        'NEXT_KEY_NOT_PUBLISHED',
        `${by.jwksUri.href}: The key ${kid} signs next, and the JWKS does not have it (it has ${listOf(keys.keys())}): ` +
          'something else than OidcKeyModule serves the JWKS, or changes it. No relying party will know the key in time.',
      );
    }
  }
}

/**
 * The key of each token that lives is published, by every replica.
 *
 * @throws BrokenRotationError
 */
export function checkKeysOfTokens(scene: Scene): void {
  const { published, tokens, history, now } = scene;
  for (const { kid, by, expiresAt } of tokens) {
    if (kid === undefined) {
      throw broken(
        scene,
        'KID_MISSING',
        `A token of ${by.name} has no "kid" in its header. While two keys are published, no relying party can tell which one ` +
          'signed it.',
      );
    }
    const without = published.filter(({ keys }) => !keys.has(kid));
    if (without.length === 0) continue;
    const [{ by: replica, keys }] = without as [Published];
    const has = `it has ${listOf(keys.keys())}`;
    if (without.length < published.length) {
      throw broken(
        scene,
        'REPLICAS_DIFFER',
        `${replica.nameAtBeginning} (${replica.jwksUri.href}) does not publish the key ${kid}, with which ${by.name} signs or signed (${has}). ` +
          'Replicas need the same keys: give them the same settings, or one store, and let them ask it within OIDC_KEY_SPREAD.',
      );
    }
    if (history.publishedSince(kid) === undefined) {
      throw broken(
        scene,
        'SIGNING_KEY_NOT_PUBLISHED',
        `${by.nameAtBeginning} signs with the key ${kid}, which the JWKS at ${replica.jwksUri.href} does not have (${has}). Nobody can ` +
          'verify its tokens. Sign with the JwtService of OidcKeyModule, and let it serve the JWKS.',
      );
    }
    throw broken(
      scene,
      'KEY_GONE_TOO_EARLY',
      `The key ${kid} is no longer in the JWKS at ${replica.jwksUri.href} (${has}), and a token that it signed lives for another ` +
        `${inWords(expiresAt - now)}. Keep it as a previous key (OIDC_PREVIOUS_KEYS) for as long as its tokens live, or raise ` +
        'OIDC_KEY_RETENTION.',
    );
  }
}

/**
 * A replica accepts what any replica signed.
 *
 * @throws BrokenRotationError
 */
export async function checkReplicas(scene: Scene, replicas: readonly Replica[]): Promise<void> {
  for (const token of scene.tokens) {
    const clockTimestamp = Math.floor(token.dateAt(scene.now).getTime() / 1000);
    for (const replica of replicas) {
      try {
        await replica.jwt.verify(token.text, { clockTimestamp });
      } catch (error) {
        throw broken(
          scene,
          replica === token.by ? 'TOKEN_REFUSED' : 'REPLICAS_DIFFER',
          `${replica.nameAtBeginning} refuses a token that ${signerOf(token, replica, replicas)} signed with the key ${token.kid} and that lives for another ` +
            `${inWords(token.expiresAt - scene.now)}: ${(error as Error).message}.`,
        );
      }
    }
  }
}

function signerOf({ by }: SignedToken, replica: Replica, replicas: readonly Replica[]): string {
  if (by === replica) return 'it';
  return replicas.includes(by) ? by.name : `${by.name} before the deploy`;
}

/**
 * A relying party accepts each token that lives.
 *
 * @throws BrokenRotationError
 */
export async function checkParty(scene: Scene, party: RelyingParty): Promise<void> {
  for (const token of scene.tokens) {
    try {
      await party.verify(token, scene.now);
    } catch (error) {
      throw error instanceof BrokenRotationError ? error : refusalOf(scene, party, token, error as Error);
    }
  }
}

function refusalOf(scene: Scene, { name, held }: RelyingParty, token: SignedToken, error: Error): Error {
  const { now, history } = scene;
  const { kid } = token;
  const knows = held?.jwks.keys.some((key) => key.kid === kid) ?? true;
  const since = kid === undefined ? undefined : history.publishedSince(kid);
  if (held && !knows && since !== undefined) {
    return broken(
      scene,
      'SIGNS_TOO_EARLY',
      `${name} refuses a token of the key ${kid}, which was published ${inWords(now - since)} ago: it fetched its JWKS ` +
        `${inWords(now - held.fetchedAt)} ago, has ${listOf(held.jwks.keys.map((key) => key.kid))} in it, and may keep it for another ` +
        `${inWords(held.keptUntil - now)}. Publish a key as the next one (OIDC_NEXT_KEYS, or \`rotate\`) until every cache has it.`,
    );
  }
  return broken(
    scene,
    'TOKEN_REFUSED',
    `${name} refuses a token of ${token.by.name}, signed with the key ${kid} (${token.alg}): ${error.message}.`,
  );
}

/**
 * A key that was revoked is worthless.
 *
 * @throws BrokenRotationError
 */
export async function checkRevoked(
  scene: Scene,
  replicas: readonly Replica[],
  { kid, tokens }: { readonly kid: string; readonly tokens: readonly SignedToken[] },
  signedNow: readonly SignedToken[],
): Promise<void> {
  for (const { by, keys } of scene.published) {
    if (!replicas.includes(by) || !keys.has(kid)) continue;
    throw broken(
      scene,
      'REVOKED_KEY_PUBLISHED',
      `${by.jwksUri.href}: The key ${kid} is revoked, and is still in the JWKS. Whoever stole it signs tokens that relying ` +
        'parties accept: something else than OidcKeyModule serves the JWKS, or changes it.',
    );
  }
  for (const replica of replicas) {
    if (signedNow.some((token) => token.by === replica && token.kid === kid)) {
      throw broken(
        scene,
        'REVOKED_KEY_SIGNS',
        `${replica.nameAtBeginning} signs with the key ${kid}, which is revoked: it signs with other keys than OidcKeyModule has.`,
      );
    }
    for (const token of tokens) {
      const clockTimestamp = Math.floor(token.dateAt(scene.now).getTime() / 1000);
      const isAccepted = await replica.jwt.verify(token.text, { clockTimestamp }).then(
        () => true,
        () => false,
      );
      if (!isAccepted) continue;
      throw broken(
        scene,
        'REVOKED_KEY_ACCEPTED',
        `${replica.nameAtBeginning} accepts a token of the key ${kid}, which is revoked: it verifies with other keys than OidcKeyModule has.`,
      );
    }
  }
}

function listOf(kids: Iterable<string | undefined>): string {
  return [...kids].join(', ') || 'none';
}
