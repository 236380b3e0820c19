// The sample as main.ts makes it, without a port. At a word of the test, every schedule's time has come.
import { SchedulerRegistry } from '@nestjs/schedule';
import { KeyRotation } from 'nestjs-oidc-key';

import { createApp } from '../../sample-app/dist/src/create-app.js';

process.once('disconnect', () => process.exit());

const app = await createApp();
await app.init();
const jobs = app.get(SchedulerRegistry).getCronJobs();
const tick = async () => {
  for (const job of jobs.values()) await job.fireOnTick();
  const rotation = app.get(KeyRotation);
  await rotation.reload();
  process.send(rotation.status().keys);
};
process.on('message', () => void tick());
process.send([...jobs].map(([name, job]) => [name, job.nextDate().toFormat('HH:mm:ss')]));
