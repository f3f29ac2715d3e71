/** Who sends a request, by its API key, and what they may send how fast. */
import type { IncomingMessage } from 'node:http';
import { isSecret, parseKey } from '../keys/key.ts';
import { type Keyring, KeysAwayError } from '../keys/keyring.ts';
import type { Scope } from '../keys/scopes.ts';
import { type Problem, ProblemError, problems } from './problem.ts';
import { Bucket } from './rate-limit.ts';

export interface Client {
  /**
   * Why this client may not do something, if so. Asked again for each line of a stream, which may outlive its key:
   * no I/O.
   */
  refusal(scope: Scope): Problem | undefined;
  /** Takes one command from the client's rate; or takes none and says after how many milliseconds there is one. */
  take(): number;
}

export interface Access {
  /** Whether requests without a key are refused. */
  required: boolean;
  /** Rejects with {@link ProblemError}: 401 without a good key, 503 when that can't be said now. */
  clientOf(request: IncomingMessage): Promise<Client>;
}

export interface AccessOptions {
  keyring: Keyring;
  /** Whether requests without a key are refused. */
  required: boolean;
  /** Commands a second of a key without a rate of its own, and of all requests without a key; 0: no limit. */
  ratePerKey: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Whom the rate of requests without a key is kept for. */
const NOBODY = '';

export function createAccess({ keyring, required, ratePerKey, now }: AccessOptions): Access {
  /** By key id, in this process alone: with n processes behind one address a key has n times its rate. */
  const buckets = new Map<string, Bucket>();

  function takerOf(id: string, rate: number): Client['take'] {
    if (rate === 0) return () => 0;
    const bucket = buckets.get(id) ?? new Bucket(rate, now());
    buckets.set(id, bucket);
    return () => bucket.take(now());
  }

  function holderOf(id: string, rate: number): Client {
    const refusal = (scope: Scope) => {
      try {
        const key = keyring.get(id);
        if (!key) return problems.unauthorized('The API key has expired or was revoked.');
        return key.scopes.has(scope) ? undefined : problems.missingScope(`The API key lacks the scope ${scope}.`);
      } catch (error) {
        return awayProblem(error);
      }
    };
    return { refusal, take: takerOf(id, rate) };
  }

  return {
    required,
    async clientOf({ headers }) {
      const { authorization } = headers;
      if (authorization === undefined && !required) {
        return { refusal: () => undefined, take: takerOf(NOBODY, ratePerKey) };
      }
      const presented = parseKey(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
      if (!presented) throw new ProblemError(problems.unauthorized(howTo(authorization !== undefined)));
      const key = await keyring.find(presented.id).catch((error) => {
        throw new ProblemError(awayProblem(error));
      });
      if (key && isSecret(presented.secret, key.secretHash)) return holderOf(key.id, key.rate ?? ratePerKey);
      throw new ProblemError(problems.unauthorized('The API key is not known, has expired or was revoked.'));
    },
  };
}

function howTo(given: boolean): string {
  return given
    ? 'The Authorization header holds no API key. Send "Bearer sales_..." as "sales keys create" printed it.'
    : 'Send an API key: "Authorization: Bearer <key>". An operator makes one with "sales keys create".';
}

/** Rethrows what has another reason. */
function awayProblem(error: unknown): Problem {
  if (!(error instanceof KeysAwayError)) throw error;
  return problems.unavailable('API keys can not be looked up now. Nothing was recorded; send it again.');
}
