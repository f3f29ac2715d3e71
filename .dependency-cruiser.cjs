/** The architecture as rules: what each folder may import (README, "How it is built"). Run by the tests. */
const folders = [
  'domain',
  'schemas',
  'platform',
  'commands',
  'projections',
  'read-api',
  'dashboard',
  'cli',
  'dev',
  'test',
  'bench',
];

/** Folders that each one may import, besides itself. */
const mayImport = {
  domain: [],
  schemas: ['domain'],
  platform: ['schemas'],
  commands: ['domain', 'schemas', 'platform'],
  projections: ['domain', 'schemas', 'platform'],
  'read-api': ['domain', 'platform'],
  dashboard: [],
  dev: ['platform', 'schemas', 'domain'],
};

/** The set-up of an installation needs each side's own migrations. */
const exceptions = { dev: ['commands/keys/migrate.ts', 'commands/state/migrate.ts', 'projections/migrate.ts'] };

const imports = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder}-may-import-only-${allowed.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: {
    path: `^(${folders.filter((other) => other !== folder && !allowed.includes(other)).join('|')})/`,
    ...(exceptions[folder] && { pathNot: exceptions[folder].map((file) => `^${file}$`) }),
  },
}));

module.exports = {
  forbidden: [
    ...imports,
    {
      name: 'domain-is-pure',
      comment: 'No I/O, no npm, no node: modules in the domain.',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^domain/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-dev-packages-in-services',
      severity: 'error',
      from: { path: '^(domain|schemas|platform|commands|projections|read-api)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dashboard/dist' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
