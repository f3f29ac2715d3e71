/**
 * Lets node run TypeScript as it stands: types are taken off, nothing is added. For services, which run for long; tsx
 * starts tests and tools sooner, but wraps every named function, which took a tenth of a service's CPU.
 */
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./typescript-hooks.mjs', import.meta.url);
