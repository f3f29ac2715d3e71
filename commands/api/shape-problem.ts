/** What is wrong with the shape of a command, in words for a person. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { limits } from '../../domain/violations.ts';
import { TEXT } from './definitions.ts';
import { type Problem, problems } from './problem.ts';

/** Of the errors that Ajv found, with `verbose`. */
export function shapeProblem(errors: ErrorObject[]): Problem {
  const { instancePath = '', keyword, message = 'is not valid', params = {}, parentSchema } = errors[0] ?? {};
  if (errors.some((error) => error.keyword === 'oneOf')) {
    return problems.invalid('give exactly one of whole, lines and amount', instancePath);
  }
  switch (keyword) {
    case 'required':
      return problems.invalid(`${params.missingProperty} is missing`, `${instancePath}/${params.missingProperty}`);
    case 'additionalProperties': {
      const name = shortened(params.additionalProperty);
      return problems.invalid(`${name} is no field of this command`, `${instancePath}/${escaped(name)}`);
    }
    case 'pattern':
    case 'format': {
      const detail = params.pattern === TEXT ? 'must not have control characters' : message;
      const meaning = parentSchema?.description;
      return problems.invalid(meaning ? `${detail}: ${meaning}` : detail, instancePath);
    }
    default:
      return problems.invalid(message, instancePath);
  }
}

/** As a part of a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function shortened(name: string): string {
  return name.length > limits.idLength ? `${name.slice(0, limits.idLength)}…` : name;
}
