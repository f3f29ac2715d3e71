import { DevError } from '../dev/dev-error.ts';

/** Arguments that are well formed, and that cannot be met by what is there. */
export class WrongArguments extends DevError {
  override name = 'WrongArguments';
}
