import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';

const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const namesOf = (targets) =>
  targets
    .map((target) => target.default ?? target)
    .filter((path) => path.endsWith('.js'))
    .map((path) => path.replace(/^(\.\/)?dist\/bundle\/|\.js$/g, ''));

/** A few files of what tsc wrote, since Node takes longer to find a file than to run it. */
const bundle = (names) => ({
  input: Object.fromEntries(names.map((name) => [name, `dist/${name}.js`])),
  // Dependencies, and what Node brings.
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  output: { dir: 'dist/bundle', chunkFileNames: 'shared/[name].js' },
  onLog: (level, log, handle) => {
    // tsc's helper for decorators looks for another one at `this`, which no module has.
    if (log.code !== 'THIS_IS_UNDEFINED') handle(level === 'warn' ? 'error' : level, log);
  },
});

export default [
  // Together, so that a class is the same whichever entry it comes from.
  bundle(namesOf(Object.values(exports))),
  // A process of its own, which has no use for the rest.
  bundle(namesOf(Object.values(bin))),
];
