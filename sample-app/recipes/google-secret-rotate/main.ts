// Runs the recipe as a job.
import { createServer } from 'node:http';

import { answerSecretRotate } from './secret-rotate.js';

// On Cloud Run, which lets nobody in but the service account of the push subscription (--no-allow-unauthenticated).
const { OIDC_KEY_STORE: store, ROTATE_EVERY: every, PORT = '8080' } = process.env;
if (store === undefined || !(Number(every) > 0)) {
  throw new Error(
    'Set OIDC_KEY_STORE, and ROTATE_EVERY to half of the rotation period of the secret, in seconds.',
  );
}
const answer = answerSecretRotate({ store, every: Number(every) });
createServer((request, response) => void answer(request, response)).listen(Number(PORT));
