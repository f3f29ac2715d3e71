/** How much one request may ask for. Checked before anything runs, so that a small text cannot cause a lot of work. */
import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { apiError } from './errors.ts';

/** Bytes of a request's body. */
export const MAX_BODY = 100_000;
/** Tokens of a GraphQL document. */
export const MAX_TOKENS = 4000;
/** Nested fields. */
export const MAX_DEPTH = 10;
/** Fields and fragments of an operation, each counted as often as it is spread. */
export const MAX_FIELDS = 500;
/** Fields of the operation itself, aliases included: each is a statement in Postgres. */
export const MAX_ROOT_FIELDS = 20;

/** Validation rule: QUERY_TOO_COMPLEX above the limits. */
export const limitsRule: ValidationRule = (context: ValidationContext) => ({
  Document(document: DocumentNode) {
    for (const operation of document.definitions) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      const problem = measure(operation.selectionSet, context);
      if (problem) context.reportError(apiError('QUERY_TOO_COMPLEX', problem));
    }
  },
});

/** What is too much about an operation, if anything. Stops at the first limit, however much would follow. */
function measure(operation: SelectionSetNode, context: ValidationContext): string | undefined {
  let fields = 0;
  let rootFields = 0;
  const visit = (set: SelectionSetNode, depth: number, spread: ReadonlySet<string>): string | undefined => {
    if (depth > MAX_DEPTH) return `Fields are nested more than ${MAX_DEPTH} deep. Ask for less at once.`;
    for (const selection of set.selections) {
      fields += 1;
      if (depth === 1 && selection.kind === Kind.FIELD) rootFields += 1;
      if (fields > MAX_FIELDS) return `This asks for more than ${MAX_FIELDS} fields. Split it into several requests.`;
      if (rootFields > MAX_ROOT_FIELDS) {
        return `This asks more than ${MAX_ROOT_FIELDS} questions at once. Split it into several requests.`;
      }
      const inner = innerOf(selection, context, spread);
      const deeper = selection.kind === Kind.FIELD ? depth + 1 : depth;
      const problem = inner && visit(inner.set, deeper, inner.spread);
      if (problem) return problem;
    }
    return undefined;
  };
  return visit(operation, 1, new Set());
}

/**
 * The selection behind a field or fragment. None behind a fragment that is missing or spreads itself (other rules say
 * so), and none behind introspection: graphql-js limits its depth, and the schema is finite.
 */
function innerOf(
  node: ASTNode,
  context: ValidationContext,
  spread: ReadonlySet<string>,
): { set: SelectionSetNode; spread: ReadonlySet<string> } | undefined {
  if (node.kind === Kind.FIELD && node.name.value.startsWith('__')) return undefined;
  if (node.kind !== Kind.FRAGMENT_SPREAD) {
    const set = 'selectionSet' in node ? node.selectionSet : undefined;
    return set && { set, spread };
  }
  const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(node.name.value);
  if (!fragment || spread.has(node.name.value)) return undefined;
  return { set: fragment.selectionSet, spread: new Set([...spread, node.name.value]) };
}
