/** Something that the person at the keyboard can put right: what is wrong, and what to do about it. */
export class DevError extends Error {
  override name = 'DevError';

  constructor(problem: string, advice: string, options?: ErrorOptions) {
    super(`${problem}${problem.includes('\n') ? '\n' : ' '}${advice}`, options);
  }
}
