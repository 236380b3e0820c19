import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';

const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const namesOf = (targets) =>
  targets
    .map((target) => target.default ?? target)
    .filter((path) => path.endsWith('.js'))
    .map((path) => path.replace(/^(\.\/)?dist\/bundle\/|\.js$/g, ''));

const moduleProcess = 'stores/pkcs11/pkcs11-process';

const isOurs = (id) => id.startsWith('.') || isAbsolute(id);

/** Every module that these modules import when they are loaded, themselves among them. */
function loadedWith(ids, getModuleInfo) {
  const found = new Set(ids);
  for (const id of found) {
    for (const imported of getModuleInfo(id)?.importedIds ?? []) if (isOurs(imported)) found.add(imported);
  }
  return found;
}

/**
 * Which file a module that several need goes into: what a resource server and others load, what an issuer loads, and what
 * stores need, which is loaded where there is one.
 */
function chunkOf(id, { getModuleIds, getModuleInfo }) {
  const all = [...getModuleIds()].filter(isOurs);
  const entries = all.filter((each) => getModuleInfo(each).isEntry);
  const onDemand = all.filter((each) => getModuleInfo(each).dynamicImporters.length > 0);
  const reachedBy = (ids) => ids.filter((each) => loadedWith([each], getModuleInfo).has(id)).length;
  const isNamed = (name) => (each) => each.endsWith(`/dist/${name}.js`);
  const main = reachedBy(entries.filter(isNamed('index')));
  const guard = reachedBy(entries.filter(isNamed('resource-server/index')));
  const others = reachedBy([...new Set([...entries, ...onDemand])]) - main - guard;
  if (guard > 0 && main + others > 0) return 'keys';
  if (main > 0) return others > 0 ? 'issuer' : undefined;
  const readers = reachedBy(
    entries.filter(isNamed('prometheus/index')).concat(entries.filter(isNamed('opentelemetry/index'))),
  );
  // Those who read metrics have no use for a store.
  if (readers === others) return readers > 1 ? 'metrics' : undefined;
  return others > 1 ? 'stores' : undefined;
}

/**
 * A few files of what tsc wrote, since Node takes longer to find a file than to run it.
 *
 * @param places where a file goes that does not stay in its place
 */
const bundle = (names, places = {}) => ({
  input: Object.fromEntries(names.map((name) => [places[name] ?? name, `dist/${name}.js`])),
  // Dependencies, and what Node brings.
  external: (id) => !isOurs(id),
  output: {
    dir: 'dist/bundle',
    // The drivers of stores, which the command line has again for itself.
    chunkFileNames: names.length > 1 ? 'shared/[name].js' : 'cli/[name].js',
    ...(names.length > 1 && { manualChunks: chunkOf }),
  },
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
  // Another process of its own, beside each file that may start it (lib/stores/pkcs11/process-path.ts).
  ...['shared', 'cli'].map((folder) =>
    bundle([moduleProcess], { [moduleProcess]: `${folder}/pkcs11-process` }),
  ),
];
