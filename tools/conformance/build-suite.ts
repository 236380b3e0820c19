// Builds the suite from its checkout, once for a folder. javac does: no plugin of the suite's build is needed.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runToEnd } from './programs.js';
import { isCompiled, pageAlone, pomToResolve } from './suite-sources.js';

const here = new URL('../../../conformance/', import.meta.url);
const resources = [
  'application.properties',
  'application-dev.properties',
  'csv',
  'iana',
  'json',
  'json-schemas',
  'templates',
];

/** Class paths, as Java takes them. */
export interface BuiltSuite {
  readonly suite: string;
  readonly mongo: string;
}

/** @param suite a checkout of openid-certification/conformance-suite, which is only read */
export async function buildSuite(suite: string, work: string): Promise<BuiltSuite> {
  const jar = join(work, 'suite.jar');
  const path = (name: string) => readFileSync(join(work, `${name}.cp`), 'utf8');
  if (!existsSync(jar)) await build(suite, work, jar, path);
  return { suite: `${jar}:${path('suite')}`, mongo: `${join(work, 'mongo')}:${path('mongo')}` };
}

async function build(
  suite: string,
  work: string,
  jar: string,
  path: (name: string) => string,
): Promise<void> {
  const log = join(work, 'build.log');
  const sources = join(suite, 'src/main/java');
  const ours = join(sources, 'net/openid/conformance');
  const classes = join(work, 'classes');
  const overlay = join(work, 'overlay');
  mkdirSync(classes, { recursive: true });
  mkdirSync(join(overlay, 'templates'), { recursive: true });

  await resolve('suite', pomToResolve(readFileSync(join(suite, 'pom.xml'), 'utf8')));
  await resolve('mongo', readFileSync(new URL('mongo-pom.xml', here), 'utf8'));

  const files = readdirSync(ours, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.java') && isCompiled(file, readFileSync(join(ours, file), 'utf8')),
  );
  const list = join(work, 'sources.txt');
  writeFileSync(list, files.map((file) => join(ours, file)).join('\n'));
  const plain = [
    '-proc:none',
    '-nowarn',
    '-Xlint:none',
    '--release',
    '17',
    '-parameters',
    '-encoding',
    'UTF-8',
  ];
  const places = ['-cp', path('suite'), '-sourcepath', sources, '-d', classes];
  await runToEnd('javac', ['-J-Xmx3g', ...plain, ...places, `@${list}`], work, log);
  const mongo = ['-cp', path('mongo'), '-d', join(work, 'mongo'), new URL('Mongo.java', here).pathname];
  await runToEnd('javac', mongo, work, log);

  const from = join(suite, 'src/main/resources');
  for (const page of readdirSync(join(from, 'templates')).filter((file) => file.endsWith('.html'))) {
    const html = readFileSync(join(from, 'templates', page), 'utf8');
    writeFileSync(join(overlay, 'templates', page), pageAlone(html));
  }
  const made = join(work, 'unfinished.jar');
  await runToEnd('jar', ['cf', made, ...resources, '-C', classes, '.'], from, log);
  await runToEnd('jar', ['uf', made, '-C', overlay, '.'], work, log);
  await runToEnd('mv', [made, jar], work, log);

  async function resolve(name: string, pom: string): Promise<void> {
    const folder = join(work, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'pom.xml'), pom);
    const output = `-Dmdep.outputFile=${join(work, `${name}.cp`)}`;
    const goal = ['dependency:build-classpath', output, '-Dmdep.includeScope=compile'];
    await runToEnd('mvn', ['-B', '-q', ...goal], folder, log);
  }
}
