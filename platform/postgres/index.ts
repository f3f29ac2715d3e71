export { createPool, type PoolOptions, safeInteger } from './pool.ts';
export { inTransaction, isConnectionLost, isUniqueViolation } from './transaction.ts';
