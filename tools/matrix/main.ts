import { rowsOf } from './cell.js';
import { allGroups } from './groups.js';
import { failuresOf, tableOf } from './table.js';

// Half of what a cell does is waiting for the registry.
const atATime = 2;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const groups = allGroups();
const names = process.argv.slice(2);
const unknown = names.filter((name) => !groups.some((group) => group.name === name));
if (unknown.length > 0) {
  const isAsked = unknown.some((name) => ['--help', '-h'].includes(name));
  const lines = groups.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`);
  const usage = `npm run matrix -- [group ...]\n\n${lines.join('\n')}\n\nWithout a group, all of them.\n`;
  (isAsked ? process.stdout : process.stderr).write(isAsked ? usage : `No group ${unknown[0]}.\n\n${usage}`);
  process.exit(isAsked ? 0 : 2);
}

const chosen = groups.filter(({ name }) => names.length === 0 || names.includes(name));
const rows = await rowsOf(chosen, atATime, ({ group, name, result }) => {
  process.stderr.write(`${result.padEnd(11)} ${group}: ${name}\n`);
});
process.stdout.write(`\n${tableOf(rows)}\n`);
const failures = failuresOf(rows);
for (const failure of failures) process.stderr.write(`\n${failure}\n`);
process.exit(failures.length === 0 ? 0 : 1);
