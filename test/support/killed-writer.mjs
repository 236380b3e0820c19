// Writes TEXT over EXPECTED into the store FILE, and kills itself before step STEP, of which 0 is the first. A write of
// bytes is two steps: a half of them is written first.
import { FileStore } from '../../dist/stores/file/file.store.js';
import { realFileOperations } from '../../dist/stores/file/file-operations.js';

const [file, text, expected, last] = process.argv.slice(2);
let step = 0;
const next = () => {
  if (step++ === Number(last)) process.kill(process.pid, 'SIGKILL');
};

const counted = (object) =>
  new Proxy(object, {
    get: (target, name) => {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return async (...args) => {
        next();
        if (name === 'writeFile') {
          const half = Math.floor(args[0].length / 2);
          await target.write(args[0].slice(0, half));
          next();
          await target.write(args[0].slice(half));
          return undefined;
        }
        const result = await member.apply(target, args);
        return name === 'open' ? counted(result) : result;
      };
    },
  });

const store = new FileStore(file, { operations: counted(realFileOperations) });
const isWritten = await store.write(text, expected === '' ? undefined : expected);
process.stdout.write(JSON.stringify({ isWritten, steps: step }));
