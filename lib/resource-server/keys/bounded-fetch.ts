/** More than any issuer publishes, and less than what could be felt. */
const mostBytes = 1_000_000;

const redirects = new Set([301, 302, 303, 307, 308]);

/** What is wrong with an answer, in words that go on after the address. */
export class UnusableAnswer extends Error {}

/** The fetch of jose, with an answer that ends: no body is read beyond what a JWKS can need. */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new UnusableAnswer(
      redirects.has(response.status)
        ? `answered ${response.status}, and redirects are not followed`
        : `answered ${response.status}`,
    );
  }
  return new Response(await boundedText(response));
}

/** Counted after it was unpacked, so that a few packed bytes cannot become many. */
async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > mostBytes) throw new UnusableAnswer(`answered more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
