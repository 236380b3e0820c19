/** The lines of Node that the package supports, by what npm calls them; of 20 its oldest. */
export const nodes = ['20.19', '22', '24', '26'] as const;

/** The lines of Nest, each with the one of `@nestjs/config` that belongs to it. */
export const nests = [
  { major: '11', config: '4' },
  { major: '12', config: '12' },
] as const;

export const compilers = ['5.9', '6', '7'] as const;

export type Nest = (typeof nests)[number];
export type Compiler = (typeof compilers)[number];

/** What an application installs beside this package. */
export function packagesOf({ major, config }: Nest): string[] {
  const nest = ['common', 'core', 'platform-express', 'platform-fastify'];
  return [
    ...nest.map((name) => `@nestjs/${name}@${major}`),
    `@nestjs/config@${config}`,
    'reflect-metadata@0.2',
    'rxjs@7',
  ];
}
