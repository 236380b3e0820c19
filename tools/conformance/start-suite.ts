// The suite and the database that it needs, each a process on loopback.
import { createConnection } from 'node:net';
import { join } from 'node:path';

import { freePort } from '../../sample-app/demo/server-process.js';
import type { BuiltSuite } from './build-suite.js';
import { startServer } from './programs.js';
import { throughTls } from './suite-api.js';

/** Resolves to the plain address of the suite's REST API. */
export async function startSuite(
  built: BuiltSuite,
  publicUrl: string,
  port: number,
  work: string,
): Promise<string> {
  const mongoPort = await freePort();
  const mongo = ['-Xmx512m', '-cp', built.mongo, 'Mongo', String(mongoPort)];
  await startServer('java', mongo, work, join(work, 'mongo.log'), () => accepts(mongoPort));

  const api = `http://127.0.0.1:${port}/api/`;
  const options = {
    'server.address': '127.0.0.1',
    'server.port': port,
    'spring.profiles.active': 'dev',
    'fintechlabs.devmode': true,
    'fintechlabs.base_url': publicUrl,
    'fintechlabs.base_mtls_url': publicUrl,
    'spring.mongodb.uri': `mongodb://127.0.0.1:${mongoPort}/test_suite`,
    'openid.mongodb.targetFeatureCompatibilityVersion': '',
    // Nobody signs in to the suite itself.
    'oidc.gitlab.iss': 'http://127.0.0.1:9',
    'oidc.google.iss': 'http://127.0.0.1:9',
  };
  const args = [
    '-Xmx2g',
    '-Djdk.tls.maxHandshakeMessageSize=65536',
    '-cp',
    built.suite,
    'net.openid.conformance.Application',
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  ];
  await startServer('java', args, work, join(work, 'suite.log'), async () => {
    const response = await fetch(`${api}runner/available`, { headers: throughTls }).catch(() => undefined);
    return response?.ok ?? false;
  });
  return api;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
