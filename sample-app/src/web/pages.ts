// Renders the pages of the folder views.
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Eta } from 'eta';
import { viewsFolder } from '../locations.js';
import type { Settings } from '../settings.js';

/** What each template is given. */
interface PageData {
  'sign-in': { csrfToken: string; username?: string; error?: string };
  consent: {
    csrfToken: string;
    clientName: string;
    userName: string;
    shown: string;
    scopes: { text: string; isNew: boolean }[];
  };
  consents: {
    csrfToken: string;
    consents: { clientId: string; clientName: string; scopes: string[]; grantedAt: Date }[];
  };
  'end-session': { csrfToken: string; action: string; fields: Record<string, string | undefined> };
  'signed-out': object;
  home: { issuer: string };
  error: { message: string };
}

@Injectable()
export class Pages {
  private readonly eta = new Eta({ views: fileURLToPath(viewsFolder), autoEscape: true, cache: true });
  private readonly stylesheet: string;

  constructor(config: ConfigService<Settings, true>) {
    this.stylesheet = `${config.get('ISSUER', { infer: true })}/style.css`;
  }

  render<Page extends keyof PageData>(page: Page, data: PageData[Page]): string {
    return this.eta.render(page, { ...data, stylesheet: this.stylesheet });
  }
}
