// Stands in for @nestjs/throttler where the sample runs in jest's own process: the package is CommonJS and requires the
// ESM-only Nest 12, which jest cannot do. It limits nothing; the tests of limits run the sample as a process.
export class ThrottlerModule {
  static forRootAsync() {
    return { module: ThrottlerModule };
  }
}

export class ThrottlerGuard {
  canActivate(): boolean {
    return true;
  }
}
