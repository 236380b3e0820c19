// The command line.
import { parseArgs } from 'node:util';

import { algorithmNames } from './key-set.js';
import type { AlgorithmName } from './key-set.js';
import { plans } from './plans.js';
import type { Plan } from './plans.js';
import { spoilNames } from './spoil.js';
import type { Spoil } from './spoil.js';

export interface Options {
  readonly suite: string;
  readonly work: string;
  readonly plans: readonly Plan[];
  readonly modules: readonly string[] | undefined;
  readonly algorithm: AlgorithmName;
  readonly isRotated: boolean;
  readonly spoil: Spoil | undefined;
}

export const usage = `npm run conformance -- --suite CHECKOUT --work FOLDER [plan ...]

  --suite CHECKOUT   a checkout of openid-certification/conformance-suite, which is only read
  --work FOLDER      what is built and written; kept, so that the next run need not build
  --module NAME      runs this module of a plan alone; may be given several times
  --algorithm NAME   signs ID tokens: ${algorithmNames.join(', ')} (default: RS256)
  --rotate           changes the keys in the middle of the plan, which takes five minutes more
  --spoil FAULT      puts a fault into the JWKS, which the suite has to notice: ${spoilNames.join(', ')}

Plans (default: all of them):
${plans.map(({ name }) => `  ${name}`).join('\n')}
`;

function oneOf<Name extends string>(option: string, names: readonly Name[], name: string): Name {
  const found = names.find((each) => each === name);
  if (found === undefined) throw new Error(`${option} is one of ${names.join(', ')}, and not ${name}.`);
  return found;
}

/** @throws Error that says what is wrong */
export function optionsOf(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      suite: { type: 'string' },
      work: { type: 'string' },
      module: { type: 'string', multiple: true },
      algorithm: { type: 'string', default: 'RS256' },
      rotate: { type: 'boolean', default: false },
      spoil: { type: 'string' },
    },
  });
  if (!values.suite || !values.work) throw new Error('--suite and --work are required.');
  const names = positionals.map((name) =>
    oneOf(
      'A plan',
      plans.map((plan) => plan.name),
      name,
    ),
  );
  return {
    suite: values.suite,
    work: values.work,
    plans: plans.filter(({ name }) => names.length === 0 || names.includes(name)),
    modules: values.module,
    algorithm: oneOf('--algorithm', algorithmNames, values.algorithm),
    isRotated: values.rotate,
    spoil: values.spoil === undefined ? undefined : oneOf('--spoil', spoilNames, values.spoil),
  };
}
