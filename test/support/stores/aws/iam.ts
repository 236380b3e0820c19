import { createHash, createHmac } from 'node:crypto';

import { region } from './emulators.js';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What an emulator that checks credentials takes for those of the account's root. */
const rootKey: AccessKey = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A new user who may do what a policy says, and nothing else. */
export async function userWith(endpoint: string, policy: object): Promise<AccessKey> {
  const UserName = `user-${Date.now()}-${Math.round(Math.random() * 1e9)}`;
  await askIam(endpoint, { Action: 'CreateUser', UserName });
  await askIam(endpoint, {
    Action: 'PutUserPolicy',
    UserName,
    PolicyName: 'policy',
    PolicyDocument: JSON.stringify(policy),
  });
  const answer = await askIam(endpoint, { Action: 'CreateAccessKey', UserName });
  const [accessKeyId, secretAccessKey] = ['AccessKeyId', 'SecretAccessKey'].map(
    (name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)![1]!,
  );
  return { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
}

/** IAM speaks forms and XML, signed as AWS Signature Version 4 says. */
async function askIam(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const body = new URLSearchParams({ ...parameters, Version: '2010-05-08' }).toString();
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const { host } = new URL(endpoint);
  const type = 'application/x-www-form-urlencoded';
  const names = 'content-type;host;x-amz-date';
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    'POST',
    '/',
    '',
    `content-type:${type}`,
    `host:${host}`,
    `x-amz-date:${time}`,
    '',
    names,
    hash(body),
  ].join('\n');
  const scope = `${date}/${region}/iam/aws4_request`;
  const key = scope
    .split('/')
    .reduce<Buffer | string>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${rootKey.secretAccessKey}`,
    );
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': type,
      'x-amz-date': time,
      authorization: `AWS4-HMAC-SHA256 Credential=${rootKey.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    },
    body,
  });
  if (!answer.ok) throw new Error(`${parameters.Action}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}
