/** What the programs started by `dev/` inherit. Settings are read by `platform/config.ts` alone; this only hands them on. */
export const environment: Readonly<NodeJS.ProcessEnv> = process.env;
