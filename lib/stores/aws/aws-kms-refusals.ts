import type { Meaning } from './aws-refusal.js';

const code = 'KEY_STORE_KEY_UNUSABLE';

/** What AWS KMS calls its refusals. */
export const refusalsOfKms: readonly Meaning[] = [
  {
    names: ['AccessDeniedException'],
    code: 'KEY_STORE_FORBIDDEN',
    say: ({ where, action }, name) =>
      `${where}: AWS does not allow this role or user kms:${action} (${name}). Allow it in its policy; the policy of the ` +
      'key itself has to allow it too, or to leave it to IAM.',
  },
  {
    names: ['DisabledException'],
    code,
    say: ({ where }, name) => `${where} is disabled (${name}). \`aws kms enable-key\` enables it.`,
  },
  {
    names: ['KMSInvalidStateException'],
    code,
    say: ({ where, action }, name) =>
      `${where} is in a state in which AWS does not do kms:${action} (${name}): it is scheduled for deletion, has no key ` +
      'material, or is in a custom key store that is not connected. `aws kms describe-key` says which.',
  },
  {
    names: ['InvalidKeyUsageException', 'UnsupportedOperationException'],
    code,
    say: ({ where, action }, name) =>
      `${where} is of another type than kms:${action} was asked for, or for another use (${name}). \`aws kms describe-key\` ` +
      'says what it is for.',
  },
  {
    names: ['NotFoundException'],
    code,
    say: ({ where }, name) =>
      `${where} is not there (${name}). Check the name, the region, and whose account the credentials are of.`,
  },
  {
    names: ['KeyUnavailableException', 'KMSInternalException', 'DependencyTimeoutException'],
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    say: ({ where }, name) => `${where} does not answer: AWS has a failure of its own (${name}). Try later.`,
  },
  {
    names: ['LimitExceededException'],
    say: ({ where }, name) =>
      `${where}: a quota of AWS KMS is reached (${name}), such as that of keys in the region. Schedule the deletion of keys ` +
      'that nobody needs, or have the quota raised.',
  },
  {
    names: ['IncorrectKeyMaterialException', 'InvalidCiphertextException', 'InvalidImportTokenException'],
    code,
    say: ({ where }, name) =>
      `${where}: AWS does not take this private key (${name}). Make a key there instead.`,
  },
];
