/** A group of the sidebar. */
export interface PageGroup {
  readonly title: string;
  /** Files of the repository, in the order of the sidebar. Each is called there what its first heading says. */
  readonly files: readonly string[];
}

/** Every page of the site but those of `docs/api`, which TypeDoc makes. */
export const pageGroups: readonly PageGroup[] = [
  { title: 'Begin', files: ['README.md', 'docs/configuration.md', 'docs/keys.md', 'docs/tokens.md'] },
  {
    title: 'With @jmondi/oauth2-server',
    files: ['docs/oauth2-server-4.md', 'docs/oauth2-server-5.md', 'docs/from-hs256.md'],
  },
  {
    title: 'In production',
    files: [
      'docs/rotation.md',
      'docs/rotate.md',
      'docs/stores.md',
      'docs/kms.md',
      'docs/operating.md',
      'docs/metrics.md',
      'docs/doctor.md',
      'docs/resource-server.md',
      'docs/transports.md',
      'docs/providers.md',
      'docs/relying-parties.md',
      'docs/troubleshooting.md',
      'docs/performance.md',
    ],
  },
  { title: 'In development', files: ['docs/testing.md'] },
  { title: 'Project', files: ['SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'] },
  {
    title: 'Beside the package',
    files: ['sample-app/README.md', 'tools/bench/README.md', 'test/fuzz/README.md'],
  },
];
