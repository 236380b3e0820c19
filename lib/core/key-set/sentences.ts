import type { Figures } from './figures.js';
import { utc } from './instants.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { nameOf } from './naming.js';
import { viewOfKeySet } from './key-set-view.js';
import type { KeySetView, KeyView } from './key-set-view.js';

/** What will happen to each key when, if nothing else is written: a sentence for each. */
export function sentencesAbout(keySet: KeySet, t: number, figures: Figures): readonly string[] {
  return sentencesOf(viewOfKeySet({ set: keySet, figures }, t));
}

export function sentencesOf({ keys, withoutSigner }: KeySetView): readonly string[] {
  return [
    ...keys.map((view) => `${nameOf(view.key)} ${predicateOf(view)}.`),
    ...withoutSigner.map(({ names: [alg] }) => `No key signs for ${alg}.`),
  ];
}

function predicateOf(view: KeyView): string {
  const { key, until } = view;
  const end = until === undefined ? undefined : utc(until);
  const predicates: Readonly<Record<KeyView['state'], string>> = {
    signs: `signs${end === undefined ? '' : ` until ${end}${endOf(view)}`}`,
    waits: `is published and ${end === undefined ? 'waits' : `signs from ${end}`}`,
    previous: `signs no more and is published${end === undefined ? '' : ` until ${end}`}`,
    revoked: `is revoked${since(key)}, and is neither published nor accepted`,
    gone: 'is published no more, since its time is over',
  };
  return predicates[view.state];
}

function since({ revoked }: KeyOfSet): string {
  return revoked ? ` since ${utc(revoked.revoked_at)}` : '';
}

/** When a key goes that signs now and is to be followed. */
function endOf({ line }: KeyView): string {
  const last = line.at(-1);
  return last?.state === 'gone' ? `, and is published until ${utc(last.from)}` : '';
}
