// The plans of the suite that are run, and what their variants are.

export interface Plan {
  readonly name: string;
  readonly variant: Readonly<Record<string, string>>;
  /** A module that no plan has in it; it stands alone. */
  readonly isModule?: boolean;
}

const basic = { server_metadata: 'discovery', client_registration: 'static_client' };

export const plans: readonly Plan[] = [
  { name: 'oidcc-config-certification-test-plan', variant: {} },
  { name: 'oidcc-basic-certification-test-plan', variant: basic },
  { name: 'oidcc-server-rotate-keys', variant: { server_metadata: 'discovery' }, isModule: true },
  {
    name: 'oidcc-rp-initiated-logout-certification-test-plan',
    variant: { client_registration: 'static_client', response_type: 'code' },
  },
  {
    name: 'oidcc-test-plan',
    variant: {
      client_registration: 'static_client',
      client_auth_type: 'client_secret_basic',
      response_type: 'code',
      response_mode: 'default',
    },
  },
];

/** By these modules the suite looks at keys and signatures. */
export const modulesOfKeys: readonly string[] = ['oidcc-server'];
