import type { HttpsAnswer } from '../https/https-client.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';
import { statusIn } from './api-status.js';
import type { ApiStatus } from './api-status.js';
import type { SecretName } from './secret-object.js';

/** What was asked for. */
export interface Asked {
  /** How messages call the Secret. */
  readonly where: string;
  readonly secret: SecretName;
  /** The verb that a Role has to allow. */
  readonly verb: 'get' | 'create' | 'update';
  readonly remedyForCredentials: string;
}

type Refused = Asked & { readonly status: ApiStatus; readonly answer: HttpsAnswer };
type Explanation = (refused: Refused) => KeyStoreError;

const retryable = { isTransient: true } as const;

/** What the API's own words mean. */
const byReason: Readonly<Record<string, Explanation>> = {
  Unauthorized: unauthenticated,
  Forbidden: forbidden,
  NotFound: notFound,
  TooManyRequests: throttled,
  Invalid: invalid,
  RequestEntityTooLarge: tooLarge,
  ServerTimeout: inTrouble,
  Timeout: inTrouble,
  ServiceUnavailable: inTrouble,
  InternalError: inTrouble,
};

/** The same where there are no words that are known, as from what stands before an API server. */
const byCode: Readonly<Record<number, Explanation>> = {
  401: unauthenticated,
  413: tooLarge,
  429: throttled,
  500: inTrouble,
  502: inTrouble,
  503: inTrouble,
  504: inTrouble,
};

/** That the API did not do what it was asked for. */
export function refusal(answer: HttpsAnswer, asked: Asked): KeyStoreError {
  const status = statusIn(answer);
  const { reason } = status;
  const known = reason !== undefined && Object.hasOwn(byReason, reason) ? byReason[reason] : undefined;
  const explain = known ?? byCode[answer.status] ?? somethingElse;
  return explain({ ...asked, status, answer });
}

/** That what came is not what was asked for. */
export function notTheSecret({ where }: Pick<Asked, 'where'>): KeyStoreError {
  return error(
    'KEY_STORE_UNREACHABLE',
    where,
    'is not reached: what answers there gives no such Secret. Check that the address is that of an API server of Kubernetes.',
  );
}

function unauthenticated({ where, answer, remedyForCredentials }: Refused): KeyStoreError {
  return error(
    'KEY_STORE_UNAUTHENTICATED',
    where,
    `is refused: the API server does not take the credentials (${answer.status}). ${remedyForCredentials}`,
  );
}

function forbidden(refused: Refused): KeyStoreError {
  const { where, status, secret, verb } = refused;
  if (status.causes.includes('NamespaceTerminating')) {
    return error('KEY_STORE_NOT_WRITTEN', where, 'is not written: its namespace is being deleted.');
  }
  // RBAC says this of a verb; quotas and policies have the same reason, and other words.
  const [, user] = /^secrets(?: "[^"]*")? is forbidden: User "([^"]*)" cannot /.exec(status.message) ?? [];
  if (user === undefined) {
    return error(
      'KEY_STORE_FORBIDDEN',
      where,
      `is refused (403), and not by a Role: a quota or a policy of the cluster forbids to ${verb} it.`,
    );
  }
  if (user === 'system:anonymous') return unauthenticated(refused);
  const who = /^[\w.:@/-]{1,200}$/.test(user) ? user : 'this user';
  if (verb !== 'create') {
    return error(
      'KEY_STORE_FORBIDDEN',
      where,
      `is refused: ${who} may not ${verb} it. Its Role in namespace ${secret.namespace} lacks the verb "${verb}" on the ` +
        `resource "secrets", resourceNames "${secret.name}".`,
    );
  }
  return error(
    'KEY_STORE_FORBIDDEN',
    where,
    `is not there, and ${who} may not create it, which no Role can limit to one name. Let an administrator make it, ` +
      `empty: \`kubectl create secret generic ${secret.name} --namespace ${secret.namespace}\`.`,
  );
}

function notFound({ where, status, secret }: Refused): KeyStoreError {
  return status.kind === 'namespaces'
    ? error(
        'KEY_STORE_MISCONFIGURED',
        where,
        `is not written: there is no namespace ${secret.namespace}. Check the name, or make it.`,
      )
    : notTheSecret({ where });
}

function throttled({ where, status: { retryAfter } }: Refused): KeyStoreError {
  return error(
    'KEY_STORE_THROTTLED',
    where,
    'is asked too often: the API server answers 429. Try again later.',
    { ...retryable, retryAfter },
  );
}

function invalid(refused: Refused): KeyStoreError {
  const { where, status } = refused;
  const { causes, fields } = status;
  if (causes.some((cause) => cause.endsWith('TooLong'))) return tooLarge(refused);
  const named = fields.length > 0 ? ` (${[...new Set(fields)].join(', ')})` : '';
  return error(
    'KEY_STORE_NOT_WRITTEN',
    where,
    `is not written: the API server does not take it as it would be${named}. Look at the Secret, and at the policies of the cluster.`,
  );
}

function tooLarge({ where }: Refused): KeyStoreError {
  return error(
    'KEY_STORE_TOO_LARGE',
    where,
    'is not written: a Secret takes 1 MiB in all. Keep the key set in one of its own.',
  );
}

function inTrouble({ where, answer, status: { retryAfter } }: Refused): KeyStoreError {
  return error(
    'KEY_STORE_UNREACHABLE',
    where,
    `is not reached: the API server is in trouble (${answer.status}). Check it, and the etcd behind it.`,
    { ...retryable, retryAfter },
  );
}

function somethingElse({ where, verb, answer, status: { reason } }: Refused): KeyStoreError {
  const words = reason === undefined ? '' : ` ${reason}`;
  return error(
    verb === 'get' ? 'KEY_STORE_UNREACHABLE' : 'KEY_STORE_NOT_WRITTEN',
    where,
    `is refused for a reason that is not known here (${answer.status}${words}). Check that the address is that of an ` +
      'API server of Kubernetes, and the policies of the cluster.',
  );
}

function error(
  code: KeyStoreErrorCode,
  where: string,
  what: string,
  options?: { readonly isTransient: boolean; readonly retryAfter?: number | undefined },
): KeyStoreError {
  return new KeyStoreError(code, `${where} ${what}`, options);
}
