import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';
import { membersOf } from './google-failure.js';
import type { GoogleFailure, GoogleStatus } from './google-failure.js';

/** Google's services, by what their permissions begin with. */
const services = {
  secretmanager: { name: 'Secret Manager', look: 'the secret: gcloud secrets describe' },
  cloudkms: { name: 'Cloud KMS', look: 'the key: gcloud kms keys versions list' },
} as const;

type Service = keyof typeof services;
export type Permission = `${Service}.${string}`;

/** What was asked for, in Google's words. */
export interface Asked {
  /** How messages call the secret or the key. */
  readonly where: string;
  readonly permission: Permission;
}

const roles: Readonly<Record<string, string>> = {
  'secretmanager.versions.access': 'roles/secretmanager.secretAccessor',
  'secretmanager.versions.add': 'roles/secretmanager.secretVersionAdder',
  'secretmanager.versions.list': 'roles/secretmanager.viewer',
  'secretmanager.versions.destroy': 'roles/secretmanager.secretVersionManager',
  'cloudkms.cryptoKeyVersions.useToSign': 'roles/cloudkms.signer',
  'cloudkms.cryptoKeyVersions.viewPublicKey': 'roles/cloudkms.publicKeyViewer',
  'cloudkms.cryptoKeyVersions.get': 'roles/cloudkms.viewer',
  'cloudkms.cryptoKeyVersions.list': 'roles/cloudkms.viewer',
  'cloudkms.cryptoKeyVersions.create': 'roles/cloudkms.admin',
  'cloudkms.cryptoKeyVersions.update': 'roles/cloudkms.admin',
  'cloudkms.cryptoKeys.get': 'roles/cloudkms.viewer',
  'cloudkms.cryptoKeys.create': 'roles/cloudkms.admin',
};

/** Others than these have not come as far as to the secret, or may be over in a moment. */
const lasting: ReadonlySet<GoogleStatus | undefined> = new Set([
  'INVALID_ARGUMENT',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
]);

/** Reasons of google.rpc.ErrorInfo for which a role is of no help. */
const reasons: Readonly<Record<string, string>> = {
  BILLING_DISABLED: 'Billing is not enabled for this project.',
  CONSUMER_INVALID: 'The project is not there, or not usable. Check its name.',
  ACCESS_TOKEN_SCOPE_INSUFFICIENT:
    'The access token lacks the scope https://www.googleapis.com/auth/cloud-platform. Give the machine, or the token, that scope.',
  SECURITY_POLICY_VIOLATED: 'A VPC service perimeter forbids it from here.',
};

/** What a call that failed means. The words of Google are not repeated, since they may quote what was sent. */
export function googleRefusal(
  error: unknown,
  failure: GoogleFailure,
  { where, permission }: Asked,
): KeyStoreError {
  const { status, reason, retryAfter } = failure;
  if (status === undefined) return withoutAnswer(error, where);
  const named = reason === undefined ? status : `${status}, ${reason}`;
  const service = permission.split('.', 1)[0] as Service;
  const { name, look } = services[service];
  if (status === 'PERMISSION_DENIED') {
    const remedy =
      reason === 'SERVICE_DISABLED'
        ? `${name} is not enabled in this project: gcloud services enable ${service}.googleapis.com`
        : (reason !== undefined && reasons[reason]) || grant(permission);
    return new KeyStoreError('KEY_STORE_FORBIDDEN', `${where} is refused (${named}). ${remedy}`);
  }
  if (status === 'UNAUTHENTICATED') return unauthenticated(where, named);
  if (status === 'RESOURCE_EXHAUSTED') {
    return new KeyStoreError(
      'KEY_STORE_THROTTLED',
      `${where} is asked too often (${named}). Ask for more quota of ${name}, or less often.`,
      { isTransient: true, retryAfter },
    );
  }
  if (lasting.has(status)) {
    return new KeyStoreError(
      mistakeIn(permission),
      `${where} does not take what was asked (${named}). Check the reference, and ${look}`,
    );
  }
  return new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    `${where} does not answer (${named}). Check that Google's APIs are reachable from here.`,
    { isTransient: true },
  );
}

function mistakeIn(permission: Permission): KeyStoreErrorCode {
  if (permission.startsWith('cloudkms.')) return 'KEY_STORE_KEY_UNUSABLE';
  return permission.endsWith('.add') ? 'KEY_STORE_NOT_WRITTEN' : 'KEY_STORE_NOT_READ';
}

function grant(permission: string): string {
  return (
    `Whoever runs this needs ${permission}` +
    `${roles[permission] === undefined ? '' : `, which is in ${roles[permission]}`}; a new grant may take minutes.`
  );
}

/** An error of the SDK's own, before Google was asked. Only what it is about can be told by its text. */
function withoutAnswer(error: unknown, where: string): KeyStoreError {
  const { message, code } = membersOf(error);
  if (
    /credential|invalid_grant|invalid_rapt|oauth|metadata|private key|client_email/i.test(String(message))
  ) {
    return unauthenticated(where, /^[A-Z][A-Z0-9_]{1,60}$/.test(String(code)) ? String(code) : 'no token');
  }
  return new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    `${where} is not reached. Check that Google's APIs are reachable from here.`,
    { isTransient: true },
  );
}

function unauthenticated(where: string, named: string): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${where} is not opened, since Google does not know who asks (${named}). Give the workload a service account, or set ` +
      'GOOGLE_APPLICATION_CREDENTIALS to the file of credentials; on a machine of your own: ' +
      'gcloud auth application-default login',
  );
}
