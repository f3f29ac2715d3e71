/**
 * Makes one call of those that are made in the same turn of the event loop: `all` gets their requests and answers in
 * the same order. A failure fails them all.
 */
export function gather<Request, Answer>(
  all: (requests: readonly Request[]) => Promise<Answer[]>,
): (request: Request) => Promise<Answer> {
  let waiting: { request: Request; resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = [];

  async function run(): Promise<void> {
    const calls = waiting;
    waiting = [];
    try {
      const answers = await all(calls.map(({ request }) => request));
      for (const [index, { resolve }] of calls.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(run);
      waiting.push({ request, resolve, reject });
    });
}
