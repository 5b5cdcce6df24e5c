/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/environment/same-realm.js',
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/test/crash/**/*.crash.ts'],
  // What needs a real cloud or real nodes runs with `npm run test:cloud` or `npm run test:nodes`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/cloud/', '<rootDir>/test/nodes/'],
  testTimeout: 120_000,
  maxWorkers: 3,
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // Sources import with `.js` endings, as Node resolves them after the build; `js` first keeps npm packages on their own files.
  moduleFileExtensions: ['js', 'ts', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: false } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};
