// The page at the root: whose server this is, and where to go from here.
import { Controller, Get } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Settings } from '../settings.js';
import { Pages } from './pages.js';

@Controller()
export class HomeController {
  private readonly issuer: string;

  constructor(
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  show(): string {
    return this.pages.render('home', { issuer: this.issuer });
  }
}
