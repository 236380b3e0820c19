// Which web pages may read what the endpoints for clients answer: those of an origin that a client has registered.
import { Inject, Injectable } from '@nestjs/common';
import { DATABASE, type Database } from '../database/database.js';
import { clients } from '../database/schema.js';

@Injectable()
export class AllowedOrigins {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Whether this client has registered the origin; any client will do where it is not known which one asks. */
  async includes(origin: string, clientId: string | undefined): Promise<boolean> {
    // Browsers say `null` of every sandboxed frame and of every file.
    if (origin === 'null') return false;
    const all = await this.database.select().from(clients);
    const known = all.filter(({ id }) => id === clientId);
    return (known.length > 0 ? known : all).some(({ allowedOrigins }) => allowedOrigins.includes(origin));
  }
}
