import { Module } from '@nestjs/common';
import { DatabaseSessionStore } from './database-session.store.js';
import { Pages } from './pages.js';

@Module({
  providers: [DatabaseSessionStore, Pages],
  exports: [DatabaseSessionStore, Pages],
})
export class WebModule {}
