import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { AwsPlace } from './aws-place.js';
import type { AwsService } from './aws-service.js';

/** What is used of a client of the SDK, whichever service it is for. */
export interface AwsClient {
  readonly config: {
    /** Undefined where AWS's own is used. */
    readonly endpoint?: unknown;
    readonly serviceId?: string;
    readonly region: () => Promise<string>;
    readonly credentials?: () => Promise<unknown>;
  };
  send(command: never, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

/** What a client is made with. */
export interface AwsClientOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
  };
}

/** A client, and whether it is ours to end. */
export interface OpenedClient {
  readonly client: AwsClient;
  readonly isOurs: boolean;
}

/**
 * The client that was given, or one that is made with what is configured; it is asked nothing yet.
 *
 * @throws KeyStoreError `KEY_STORE_MISCONFIGURED` for a client of something else, and where no region can be had
 */
export async function openClient(
  place: AwsPlace,
  service: AwsService,
  make: (options: AwsClientOptions) => AwsClient,
): Promise<OpenedClient> {
  // It becomes part of a host's name, which not every version of the SDK checks.
  if (!/^[a-z\d-]+$/.test(place.region ?? 'none')) {
    throw misconfigured(
      `${place.where} has a query whose region is none: it has to be one such as eu-west-1.`,
    );
  }
  const regionOfArn = /^arn:[^:]+:[^:]+:([^:]+):/.exec(place.place)?.[1];
  if (regionOfArn !== undefined && (place.region ?? regionOfArn) !== regionOfArn) {
    throw misconfigured(`${place.where} is in another region than its query names. Leave the query away.`);
  }
  const regionOfPlace = regionOfArn ?? place.region;
  const isOurs = place.client === undefined;
  if (!isOurs) refuseOther(place, service);
  const client = isOurs ? make(optionsOf(place, service, regionOfPlace)) : (place.client as AwsClient);
  const region = await regionOf(client, place);
  if (regionOfPlace !== undefined && region !== regionOfPlace) {
    throw misconfigured(
      `${place.where} is in another region than the client that was given. Give one of that region.`,
    );
  }
  return { client, isOurs };
}

function optionsOf(
  { setting }: AwsPlace,
  { endpointSetting }: AwsService,
  regionOfPlace: string | undefined,
): AwsClientOptions {
  // The SDK reads the environment by itself, by rules of its own on what goes before what.
  const elsewhere = (name: string) => {
    const value = setting(name);
    return value === '' || value === process.env[name] ? undefined : value;
  };
  const region = regionOfPlace ?? elsewhere('AWS_REGION');
  const profile = elsewhere('AWS_PROFILE');
  const endpoint = elsewhere(endpointSetting) ?? elsewhere('AWS_ENDPOINT_URL');
  const accessKeyId = elsewhere('AWS_ACCESS_KEY_ID');
  const secretAccessKey = elsewhere('AWS_SECRET_ACCESS_KEY');
  const sessionToken = elsewhere('AWS_SESSION_TOKEN');
  const credentials = accessKeyId !== undefined &&
    secretAccessKey !== undefined && {
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    };
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    ...credentials,
    // Reads are asked again above this. A write that was done, but whose answer was lost, the SDK would send again, and
    // report what the second one met.
    maxAttempts: 1,
    // By default it waits for ever, and without the last one it only warns.
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  };
}

function refuseOther({ client, where }: AwsPlace, { serviceId, packageName, clientName }: AwsService) {
  const isIt =
    isObject(client) &&
    typeof client.send === 'function' &&
    isObject(client.config) &&
    client.config.serviceId === serviceId &&
    typeof client.config.region === 'function';
  if (isIt) return;
  throw misconfigured(`The client that was given for ${where} is no ${clientName} of ${packageName} 3.`);
}

async function regionOf(client: AwsClient, { where, setting }: AwsPlace): Promise<string> {
  try {
    return await client.config.region();
  } catch {
    if (setting('AWS_REGION')) {
      throw misconfigured(`AWS_REGION holds no region for ${where}: it has to be one such as eu-west-1.`);
    }
    throw misconfigured(
      `${where} needs the region that it is in. Set AWS_REGION, such as eu-west-1, or a region in the profile` +
        (setting('AWS_DEFAULT_REGION')
          ? "; AWS_DEFAULT_REGION is set, which AWS's SDK for JavaScript does not read."
          : '.'),
    );
  }
}

function misconfigured(message: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_MISCONFIGURED', message);
}
