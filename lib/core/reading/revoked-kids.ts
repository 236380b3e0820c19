import { OidcKeyError } from '../errors.js';
import { readJson } from './json.js';
import { exactTextOf, hasText, withoutWrapping } from './text.js';
import { unescapeQuotes, unescapeWhiteSpace } from './unescape.js';

/** The kids that a value revokes. A defect takes none of them away. */
export interface RevokedKids {
  readonly kids: string[];
  readonly defect?: OidcKeyError;
}

/** A JSON string may hold a text of JSON again, for as often as anybody would wrap it. */
const deepest = 6;

/**
 * Reads a list of kids: a list of strings, JSON of one, or a text in which commas or white space stand between kids.
 * The defect is an `OIDC_KEY_INVALID_OPTION`, and is returned since a revocation takes effect whatever else is wrong.
 */
export function revokedKidsOf(value: unknown, where: string): RevokedKids {
  const { kids, isSound } = kidsIn(value, deepest);
  return { kids: [...new Set(kids)], ...(!isSound && { defect: noListOfKids(where) }) };
}

interface Kids {
  readonly kids: readonly string[];
  readonly isSound: boolean;
}

function kidsIn(value: unknown, depth: number): Kids {
  if (value === undefined || value === null) return { kids: [], isSound: true };
  if (Array.isArray(value)) return kidsOfList(value);
  if (!hasText(value)) return { kids: [], isSound: false };
  const exact = exactTextOf(value);
  const json = depth > 0 ? readJson(exact) : undefined;
  return json ? kidsIn(json.value, depth - 1) : kidsOfText(exact);
}

/** In a list each string is a kid as it stands there, whatever its characters are. */
function kidsOfList(list: readonly unknown[]): Kids {
  const kids = list.filter((each): each is string => typeof each === 'string');
  return { kids: kids.filter((kid) => kid !== ''), isSound: kids.length === list.length };
}

function kidsOfText(text: string): Kids {
  // Before the quotes are taken away, since a backslash may stand before them.
  const bare = withoutWrapping(unescapeQuotes(unescapeWhiteSpace(text)));
  const isHalfOfAList = bare.startsWith('[');
  const listed = isHalfOfAList ? bare.replace(/^\[|\]$/g, '') : bare;
  const kids = listed.split(/[\s,]+/).map(withoutWrapping);
  // Half of a JSON list still names kids.
  return { kids: kids.filter((kid) => kid !== ''), isSound: !isHalfOfAList };
}

function noListOfKids(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${where} has to be a list of kids: with commas or white space between them, or a JSON list of strings. ` +
      'What can be read of it is revoked.',
  );
}
