import { RawClient } from './raw-client.js';
import type { Code, Tokens } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';

/** A sample server, and what one of its clients got from it: tokens, and a code that is not redeemed yet. */
export interface Issued {
  readonly sample: SampleProcess;
  readonly client: RawClient;
  readonly tokens: Tokens;
  readonly code: Code;
}

export async function startAndIssue(): Promise<Issued> {
  const sample = await startSample();
  const client = RawClient.web(sample);
  return { sample, client, tokens: await client.tokens(), code: await client.code() };
}
