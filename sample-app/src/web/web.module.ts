// What the other folders may use of this one.
import { Module } from '@nestjs/common';
import { DatabaseSessionStore } from './database-session.store.js';
import { HomeController } from './home.controller.js';
import { Pages } from './pages.js';

@Module({
  controllers: [HomeController],
  providers: [DatabaseSessionStore, Pages],
  exports: [DatabaseSessionStore, Pages],
})
export class WebModule {}
