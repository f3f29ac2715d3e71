export { createPool, type PoolOptions, safeInteger } from './pool.ts';
export {
  inTransaction,
  isConnectionLost,
  isLockTimeout,
  isMissingTable,
  isUniqueViolation,
  retryConflicts,
  sqlState,
} from './transaction.ts';
