/** Loaded before tests of which only a failure counts: the same cases each time, and no smaller one is looked for. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true });
