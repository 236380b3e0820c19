// Run beside the sample: node sample-app/dist/spa/main.js [ISSUER]. The client demo-spa is registered for this address.
import { serveSpa } from './serve.js';

await serveSpa(process.argv[2] ?? 'http://127.0.0.1:3000', 8080);
process.stdout.write('The application is at http://127.0.0.1:8080/\n');
