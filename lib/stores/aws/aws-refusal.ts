import { unreachable } from '../https/unreachable.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';
import type { AwsPlace } from './aws-place.js';
import type { AwsService } from './aws-service.js';

/** What was seen of an answer before the SDK read it. */
export interface Seen {
  status?: number;
  /** The header `Date`, in seconds since 1970. */
  date?: number;
  /** In seconds. */
  retryAfter?: number;
  isTooLarge?: boolean;
  /** Why there was no answer, or no whole one. */
  failure?: unknown;
}

/** What was asked, for messages. */
export interface Asked {
  readonly where: string;
  readonly service: AwsService;
  /** As a policy names it, without the service. */
  readonly action: string;
  readonly isWrite: boolean;
  /** The address that is configured in place of AWS's own, if any. */
  readonly hasEndpoint: boolean;
  /** What the service calls its refusals, before what all services do. */
  readonly meanings: readonly Meaning[];
}

/** A refusal in AWS's own words. */
export class AwsRefusal extends KeyStoreError {
  constructor(
    /** AWS's name of the error. */
    readonly refusal: string,
    ...args: ConstructorParameters<typeof KeyStoreError>
  ) {
    super(...args);
  }
}

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly clockSkewCorrected?: unknown };
}

type Say = (asked: Asked, name: string) => string;

/** What AWS means by some names of errors. */
export interface Meaning {
  readonly names: readonly string[];
  /** Undefined: of a read or of a write, as it was asked. */
  readonly code?: KeyStoreErrorCode;
  readonly isTransient?: true;
  readonly say: Say;
}

/** AWS's names, of this service or of all. The status says less: it differs between services, and from day to day. */
const meanings: readonly Meaning[] = [
  {
    names: ['AccessDeniedException', 'AccessDenied', 'NotAuthorized', 'UnauthorizedOperation'],
    code: 'KEY_STORE_FORBIDDEN',
    say: ({ where, service, action, isWrite }, name) =>
      `${where}: AWS does not allow this role or user ${service.prefix}:${action} (${name}). Allow it in its policy, and ` +
      `where the secret has a KMS key of yours, ${isWrite ? 'kms:GenerateDataKey and kms:Decrypt' : 'kms:Decrypt'} on that key.`,
  },
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'],
    code: 'KEY_STORE_UNAUTHENTICATED',
    say: ({ where }, name) =>
      `${where}: the AWS credentials have expired (${name}). Get new ones, or run with a role, whose credentials the SDK renews.`,
  },
  {
    names: ['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture'],
    code: 'KEY_STORE_UNAUTHENTICATED',
    say: ({ where }, name) =>
      `${where}: the clock of this machine and that of AWS differ by minutes (${name}). Set the clock.`,
  },
  {
    names: [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'IncompleteSignature',
      'IncompleteSignatureException',
      'MissingAuthenticationToken',
      'MissingAuthenticationTokenException',
      'AuthFailure',
      'OptInRequired',
    ],
    code: 'KEY_STORE_UNAUTHENTICATED',
    say: ({ where }, name) =>
      `${where}: AWS does not know these credentials (${name}). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ` +
      'whatever the SDK takes in their place, and the clock of this machine.',
  },
  {
    names: [
      'ThrottlingException',
      'Throttling',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'TooManyRequestsException',
      'RequestLimitExceeded',
      'ProvisionedThroughputExceededException',
      'BandwidthLimitExceeded',
      'PriorRequestNotComplete',
      'SlowDown',
      'TooManyUpdates',
    ],
    code: 'KEY_STORE_THROTTLED',
    isTransient: true,
    say: ({ where }, name) =>
      `${where} is asked too often: AWS throttles (${name}). The limit is of the account and region; see who else asks.`,
  },
  {
    names: [
      'InternalServiceError',
      'InternalServiceErrorException',
      'InternalServerError',
      'InternalFailure',
      'ServiceUnavailable',
      'ServiceUnavailableException',
      'RequestTimeout',
      'RequestTimeoutException',
      'RequestAbortedException',
    ],
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    say: ({ where }, name) => `${where} does not answer: AWS has a failure of its own (${name}). Try later.`,
  },
  {
    names: ['DecryptionFailure', 'EncryptionFailure', 'InvalidKeyId'],
    say: ({ where, isWrite }, name) =>
      `${where} cannot be ${isWrite ? 'encrypted' : 'decrypted'} with its KMS key (${name}). See that the key is there and ` +
      'enabled, and that its policy lets this role or user use it.',
  },
  {
    names: ['InvalidRequestException'],
    say: ({ where }, name) =>
      `${where} is scheduled for deletion, or belongs to another service of AWS (${name}). ` +
      '`aws secretsmanager restore-secret` brings it back; for the other, keep the keys in a secret of their own.',
  },
  {
    names: ['LimitExceededException', 'ParameterLimitExceeded'],
    say: ({ where }, name) =>
      `${where}: a quota of AWS is reached (${name}), of secrets or parameters in the region, or of versions or labels of ` +
      'this one. Remove what nobody needs, or have the quota raised.',
  },
  {
    names: ['ParameterMaxVersionLimitExceeded'],
    say: ({ where }, name) =>
      `${where} has 100 versions, and the oldest has a label, so that AWS cannot remove it (${name}). ` +
      'Move the label: `aws ssm unlabel-parameter-version`.',
  },
  {
    names: ['ResourceNotFoundException', 'ParameterNotFound'],
    say: ({ where }, name) => `${where} is no longer there (${name}). Somebody has deleted it.`,
  },
];

/** What an error of the SDK means. Its message is never passed on: it may quote what was sent. */
export function refusalOf(thrown: unknown, seen: Seen, asked: Asked): KeyStoreError {
  if (thrown instanceof KeyStoreError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError;
  const status = seen.status ?? Number(error.$metadata?.httpStatusCode ?? 0);
  if (seen.isTooLarge) return notOfAws(asked, 'answers with more than AWS ever does');
  if (seen.failure !== undefined || !(status > 0)) {
    return notReached(seen.failure ?? error, asked);
  }
  if (status >= 300 && status < 400) {
    return notOfAws(
      asked,
      'redirects, which is not followed, since the request is signed for one host alone',
    );
  }
  return inWords(error, status, seen, asked);
}

function inWords(error: SdkError, status: number, seen: Seen, asked: Asked): KeyStoreError {
  const name = nameOf(error);
  const code = asked.isWrite ? 'KEY_STORE_NOT_WRITTEN' : 'KEY_STORE_NOT_READ';
  const { retryAfter } = seen;
  const known = [...asked.meanings, ...meanings].find(({ names }) => names.includes(name));
  if (known) {
    // The SDK has learned from the answer by how much the clock is wrong, and signs the next request by it.
    const isTransient = known.isTransient ?? error.$metadata?.clockSkewCorrected === true;
    return new AwsRefusal(name, known.code ?? code, known.say(asked, name), { isTransient, retryAfter });
  }
  // A load balancer or a proxy in front answers so, without a name of AWS.
  if (status === 429) {
    return new AwsRefusal(
      name,
      'KEY_STORE_THROTTLED',
      `${asked.where} is asked too often: it answers with status 429.`,
      { isTransient: true, retryAfter },
    );
  }
  if (status >= 500) {
    return new AwsRefusal(
      name,
      'KEY_STORE_UNREACHABLE',
      `${asked.where} does not answer: what is at its address says status ${status}. Try later.`,
      { isTransient: true, retryAfter },
    );
  }
  if (status < 300 || isNoAnswerOfAws(name)) return notOfAws(asked, 'answers with what is none of AWS');
  return new AwsRefusal(
    name,
    asked.service.unknownRefusal ?? code,
    `${asked.where}: AWS refuses ${asked.service.prefix}:${asked.action} (${name}). Check the name, and its settings in AWS.`,
  );
}

/** JSON was expected, and there was HTML, or half of it. */
function isNoAnswerOfAws(name: string): boolean {
  return ['SyntaxError', 'TypeError', 'Unknown', 'UnknownError'].includes(name);
}

function notOfAws({ where, hasEndpoint }: Asked, what: string): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    `${where} ${what}. Check ${hasEndpoint ? 'the endpoint that is configured (AWS_ENDPOINT_URL)' : 'the region'}, ` +
      'and whether a proxy stands between.',
  );
}

function notReached(error: SdkError, asked: Asked): KeyStoreError {
  const code = typeof error.code === 'string' ? error.code : error.name === 'TimeoutError' ? 'ETIMEDOUT' : '';
  if (code === 'ENOTFOUND' && !asked.hasEndpoint) {
    return new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${asked.where} is not reached, since AWS has no such host (${code}). Check that the region is spelt right, and that ` +
        'names are resolved here.',
      { isTransient: true },
    );
  }
  return unreachable(
    asked.where,
    { name: '', message: '', code },
    'Name the certificate authority in NODE_EXTRA_CA_CERTS, which Node reads when it starts.',
  );
}

/** AWS's name of an error, where it looks like one. */
function nameOf({ name }: SdkError): string {
  return typeof name === 'string' && /^[A-Za-z][A-Za-z.]{1,79}$/.test(name) ? name : 'Unknown';
}

/** Settings by which the SDK finds credentials, beside the keys themselves. */
const containers = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
const sources = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', ...containers];

/** That the SDK's chain of credentials came to nothing. */
export function withoutCredentials(thrown: unknown, { where, setting }: AwsPlace): KeyStoreError {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError;
  const code =
    typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(error.code) ? error.code : nameOf(error);
  const tried = sources.filter((name) => Boolean(setting(name)));
  return new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${where}: there are no AWS credentials (${code}). ` +
      (tried.length > 0
        ? `${tried.join(' and ')} ${tried.length > 1 ? 'are' : 'is'} set, and leads to none: see what that names.`
        : 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the instance, task, pod or function a role.'),
    // Who gives them to a task or a pod may start later than it does.
    {
      isTransient:
        /^(ECONN|ETIMEDOUT|EHOST|ENET|EAI_|Throttling|Timeout)/.test(code) ||
        tried.some((name) => containers.includes(name)),
    },
  );
}
