/** What structure there is in JSON: strings, and what stands between values. */
const tokens = /"(?:[^"\\]+|\\.)*"|[{}[\]:]/gs;

/** The name of a member that an object of this text has twice; undefined where none has. The text has to be JSON. */
export function repeatedMemberIn(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
    last = token;
  }
  return undefined;
}
