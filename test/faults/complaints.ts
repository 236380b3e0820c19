import type { Sample } from '../sample/sample-server.js';

/** The lines of a server's log that somebody would have to look at. */
export function complaintsOf({ server }: Sample): string[] {
  return server.log
    .split('\n')
    .filter((line) => /\b(?:ERROR|WARN|FATAL)\b|rejection|Error:|^ +at /i.test(line));
}
