import { derElement } from '../../support/der.js';
import { changed, written } from './json-texts.js';
import type { Member } from './json-texts.js';
import { hmacOf, signers, strangers } from './signers.js';
import type { Signer } from './signers.js';
import { arrangements, changeText, now } from './token-recipes.js';
import type { TokenRecipe } from './token-recipes.js';

const headerOf = ({ name, kid }: Signer): Member[] => [
  ['alg', JSON.stringify(name)],
  ['kid', JSON.stringify(kid)],
  ['typ', '"at+jwt"'],
];

const payloadOf = (id: string): Member[] => [
  ['iss', '"https://issuer.example"'],
  ['aud', '"api"'],
  ['sub', '"alice"'],
  ['exp', String(now + 10)],
  ['nbf', String(now - 10)],
  ['iat', String(now - 5)],
  ['jti', JSON.stringify(id)],
];

const encoded = (members: Member[]) =>
  written(members, { style: 'as it is', where: 0 }).toString('base64url');

/** Two tokens of each key that nothing was done to, signed once since most cases only change their text. */
const cached = new Map(
  await Promise.all(
    signers.map(async (signer) => {
      const tokens = ['1', '2'].map(async (id) => {
        const input = `${encoded(headerOf(signer))}.${encoded(payloadOf(id))}`;
        return [...input.split('.'), (await signer.sign(input)).toString('base64url')];
      });
      return [signer, await Promise.all(tokens)] as const;
    }),
  ),
);

/** RFC 3279 section 2.2.3, which JWS does not use. */
function inDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) =>
    derElement(0x02, bytes[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes),
  );
  return derElement(0x30, Buffer.concat(integers));
}

const signatures: Readonly<
  Record<string, (signer: Signer, input: string, index: number) => Promise<Buffer>>
> = {
  ours: (signer, input) => signer.sign(input),
  'of a stranger': (_signer, input, index) => strangers[index]!.sign(input),
  'by another algorithm': (_signer, input, index) => signers[(index + 1) % signers.length]!.sign(input),
  'by HMAC': async (signer, input) => hmacOf(signer, input),
  none: async () => Buffer.alloc(0),
  'in DER': async (signer, input) => inDer(await signer.sign(input)),
};

export async function tokenOf(recipe: TokenRecipe): Promise<string> {
  const signer = signers[recipe.signer]!;
  const [first, second] = cached.get(signer) as [string[], string[]];
  const parts = recipe.signature === 'cached' ? first : await signedParts(recipe, signer);
  return arrangements[recipe.arrangement]!(changeText(parts, recipe.textChanges), second);
}

async function signedParts(recipe: TokenRecipe, signer: Signer): Promise<string[]> {
  const header = changed(headerOf(signer), recipe.headerChanges);
  const payload = changed(payloadOf('3'), recipe.payloadChanges);
  if (recipe.size > 0) payload.push(['padding', JSON.stringify('x'.repeat(recipe.size))]);
  const parts = [written(header, recipe.headerStyle), written(payload, recipe.payloadStyle)];
  const input = changeText(
    parts.map((part) => part.toString('base64url')),
    recipe.encoding.map((each) => ({ ...each, part: each.part % 2 })),
  ).join('.');
  const signature = await signatures[recipe.signature]!(signer, input, recipe.signer);
  return [...input.split('.'), signature.toString('base64url')];
}
