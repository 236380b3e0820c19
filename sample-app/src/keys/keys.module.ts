// Switches the daily rotation on.
import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { DailyRotation } from './daily-rotation.js';

@Module({ imports: [ScheduleModule.forRoot()], providers: [DailyRotation] })
export class KeysModule {}
