import type { Group } from '../cell.js';
import { install } from '../installing.js';
import { run } from '../run.js';
import { nests, packagesOf } from '../supported.js';
import type { Nest } from '../supported.js';
import { copyProject } from '../workshop.js';
import type { Workshop } from '../workshop.js';

const platforms = ['express', 'fastify'] as const;

/** The line of `@nestjs/graphql` and `@nestjs/apollo` that belongs to each of Nest. */
const graphql: Readonly<Record<Nest['major'], string>> = { '11': '13', '12': '14' };

/** What the guard does over each transport of Nest, with what each major of it has for them. */
export function transports(workshop: Workshop): Group {
  return {
    name: 'transports',
    about: 'guards HTTP, GraphQL and its subscriptions, socket.io and TCP: Nest × platform',
    cells: nests.flatMap((nest) =>
      platforms.map((platform) => ({
        name: `Nest ${nest.major}, ${platform}`,
        run: async () => {
          const cwd = await application(workshop, nest);
          await run(process.execPath, ['main.mjs', platform, nest.major], { cwd });
        },
      })),
    ),
  };
}

function application(workshop: Workshop, nest: Nest): Promise<string> {
  return workshop.project(`transports-${nest.major}`, async (folder) => {
    copyProject('transports', folder);
    const ofNest = ['websockets', 'platform-socket.io', 'microservices'].map(
      (name) => `@nestjs/${name}@${nest.major}`,
    );
    const ofGraphql = ['graphql', 'apollo'].map((name) => `@nestjs/${name}@${graphql[nest.major]}`);
    const others = ['@apollo/server@5', '@as-integrations/express5@1', '@as-integrations/fastify@3'];
    const clients = ['graphql@16', 'graphql-ws@6', 'ws@8', 'socket.io-client@4'];
    const all = [...packagesOf(nest), ...ofNest, ...ofGraphql, ...others, ...clients];
    await install(folder, [await workshop.tarball(), ...all]);
  });
}
