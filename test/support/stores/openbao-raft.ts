import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../ports.js';
import { passwordOfAdmin } from './openbao.js';
import type { OpenBao } from './openbao.js';

/** All nodes of a cluster unseal themselves with it. */
const unsealKey = '0123456789abcdef'.repeat(4);

/**
 * Writes the configuration of a node that keeps what it is told on a disk and unseals itself, and says where it is. The
 * first one has KV version 2 at `secret/`, and a user whose password is no secret.
 *
 * @param leader the node that it joins; undefined for the first
 */
export async function raftConfiguration(
  { folder, port, address }: OpenBao,
  leader?: OpenBao,
): Promise<string> {
  mkdirSync(join(folder, 'raft'));
  writeFileSync(join(folder, 'unseal.key'), unsealKey);
  const clusterPort = await freePort();
  const file = join(folder, 'server.hcl');
  const joining = leader && `retry_join {\n    leader_api_addr = "${leader.address}"\n  }`;
  writeFileSync(
    file,
    `
storage "raft" {
  path = "${folder}/raft"
  node_id = "${port}"
  performance_multiplier = 1
  ${joining ?? ''}
}
listener "tcp" {
  address = "127.0.0.1:${port}"
  cluster_address = "127.0.0.1:${clusterPort}"
  tls_disable = true
}
api_addr = "${address}"
cluster_addr = "https://127.0.0.1:${clusterPort}"
seal "static" {
  current_key_id = "test"
  current_key = "file://${folder}/unseal.key"
}
${leader ? '' : initialize}
`,
  );
  return file;
}

const initialize = `
initialize "kv" {
  request "mount" {
    operation = "update"
    path = "sys/mounts/secret"
    data = { type = "kv", options = { version = "2" } }
  }
  request "policy" {
    operation = "update"
    path = "sys/policies/acl/admin"
    data = { policy = "path \\"secret/*\\" { capabilities = [\\"create\\", \\"read\\", \\"update\\"] }" }
  }
  request "login" {
    operation = "update"
    path = "sys/auth/userpass"
    data = { type = "userpass" }
  }
  request "user" {
    operation = "update"
    path = "auth/userpass/users/admin"
    data = { password = "${passwordOfAdmin}", token_policies = ["admin"] }
  }
}
`;
