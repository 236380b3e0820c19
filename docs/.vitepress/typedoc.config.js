import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const declarations = Object.values(exports).flatMap(({ types }) => types ?? []);

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  entryPoints: declarations.map((file) => file.replace(/^\.\/dist\/(.*)\.d\.ts$/, '../../lib/$1.ts')),
  tsconfig: '../../tsconfig.build.json',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', './typedoc-unions.js'],
  out: '../api',
  docsRoot: '../..',
  readme: 'none',
  name: 'API reference',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  formatWithPrettier: true,
  useCodeBlocks: true,
  expandObjects: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  typeDeclarationFormat: 'table',
  interfacePropertiesFormat: 'list',
  treatWarningsAsErrors: true,
  validation: { notDocumented: true },
  requiredToBeDocumented: [
    'Module',
    'Class',
    'Interface',
    'TypeAlias',
    'Function',
    'Variable',
    'Method',
    'Accessor',
  ],
};
