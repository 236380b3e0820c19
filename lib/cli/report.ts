import type { CommandResult, CommandTiming } from '../stores/command-result.js';
import type { Workplace } from '../stores/run-command.js';
import { StandardStreams } from '../stores/standard-streams.js';

/** Says what a command did. With standard streams, what is printed there is the key set and nothing else. */
export function report(
  { store, decryption }: Workplace,
  result: CommandResult,
  { json }: { readonly json?: true | undefined },
): void {
  const isStreams = store instanceof StandardStreams;
  const headline = headlineOf(result, isStreams ? undefined : decryption.where);
  const text = json ? `${JSON.stringify(result, null, 2)}\n` : textOf(headline, result);
  if (isStreams) {
    process.stderr.write(text);
    process.stdout.write(store.output);
  } else {
    process.stdout.write(text);
  }
}

function textOf(headline: string, { sentences, timing }: CommandResult): string {
  return [headline, ...sentences, timingText(timing)].map((line) => `${printable(line)}\n`).join('');
}

function headlineOf({ outcome }: CommandResult, where: string | undefined): string {
  if (outcome === 'nothing due') return 'Nothing was due, and nothing was written.';
  if (outcome === 'dry run') return 'Nothing was written, since this is a dry run. It would come to this:';
  return where === undefined
    ? 'The key set on standard output is to take the place of the one that was read.'
    : `${where} was written.`;
}

export function timingText({ maxAge, retention, spread, clockSkew, propagation }: CommandTiming): string {
  return (
    `Timing in seconds: max-age ${maxAge}, retention ${retention}, spread ${spread}, clock skew ${clockSkew}. ` +
    `A new key signs ${propagation} after it was written.`
  );
}

/** A kid may be any text; a terminal obeys some of it. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
