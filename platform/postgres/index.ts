export { createPool, type PoolOptions, safeInteger } from './pool.ts';
export {
  inTransaction,
  isConnectionLost,
  isMissingTable,
  isUniqueViolation,
  retryConflicts,
  sqlState,
} from './transaction.ts';
