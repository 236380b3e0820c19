// AWS's SDK warns of Node 20, in every file that loads it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
};

export default {
  testEnvironment: 'node',
  // Many tests run servers, and the drill a fleet of them: beside each other they would measure the machine.
  maxWorkers: 1,
  // What a file of tests has loaded is not given back, and all of them took more than 3 GB: a process that holds too much is replaced.
  workerIdleMemoryLimit: '1GB',
  // Child processes on a busy machine take their time; a hang is still found.
  testTimeout: 30_000,
  roots: ['<rootDir>/test'],
  testRegex: '\\.(e2e-)?spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-oidc-key$': '<rootDir>/lib/index.ts',
    '^nestjs-oidc-key/([\\w-]+)$': '<rootDir>/lib/$1/index.ts',
    '^@nestjs/throttler$': '<rootDir>/test/support/throttler.double.ts',
    // A process of its own takes no TypeScript.
    '^\\./process-path\\.js$': '<rootDir>/test/support/kms/process-path.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', swc],
    // light-my-request requires this ESM package, which jest cannot do on Node 20 and 22.
    '/node_modules/cookie/.+\\.js$': ['@swc/jest', { swcrc: false, jsc: { target: 'es2022' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(?:light-my-request/node_modules/)?cookie/)'],
  coverageProvider: 'babel',
  collectCoverageFrom: ['lib/**/*.ts'],
};
