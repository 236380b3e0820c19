import type { Figures } from './figures.js';
import { utc } from './instants.js';
import type { KeySet } from './key-set.js';
import { viewOfKeySet } from './key-set-view.js';
import type { KeySetView, KeyView } from './key-set-view.js';

/** What will happen to each key when, if nothing else is written: a sentence for each. */
export function sentencesAbout(keySet: KeySet, t: number, figures: Figures): readonly string[] {
  return sentencesOf(viewOfKeySet({ set: keySet, figures }, t));
}

export function sentencesOf({ keys, withoutSigner }: KeySetView): readonly string[] {
  return [
    ...keys.map((view) => `${view.key.alg} key ${view.key.kid} ${predicateOf(view)}.`),
    ...withoutSigner.map(({ names: [alg] }) => `No key signs for ${alg}.`),
  ];
}

function predicateOf(view: KeyView): string {
  const { key, state, until } = view;
  switch (state) {
    case 'signs':
      return `signs${until === undefined ? '' : ` until ${utc(until)}${endOf(view)}`}`;
    case 'waits':
      return `is published and ${until === undefined ? 'waits' : `signs from ${utc(until)}`}`;
    case 'previous':
      return `signs no more and is published${until === undefined ? '' : ` until ${utc(until)}`}`;
    case 'revoked':
      return `is revoked${key.revoked ? ` since ${utc(key.revoked.revoked_at)}` : ''}, and is neither published nor accepted`;
    case 'gone':
      return 'is published no more, since its time is over';
  }
}

/** When a key goes that signs now and is to be followed. */
function endOf({ line }: KeyView): string {
  const last = line.at(-1);
  return last?.state === 'gone' ? `, and is published until ${utc(last.from)}` : '';
}
