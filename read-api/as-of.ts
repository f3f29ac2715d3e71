/** Time travel: `query @asOf(label: "…")` reads the figures that were kept under a label instead of the live ones. */
import { type ExecutionArgs, GraphQLError, getDirectiveValues, getOperationAST, getVariableValues } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { isLabel } from '../platform/names.ts';
import type { Context } from './context.ts';
import { apiError, badInput } from './errors.ts';

/** Turns the request's context to the label's tables before anything is read. */
export const asOf: Plugin<Context> = {
  async onExecute({ args, setExecuteFn }) {
    const context = args.contextValue;
    try {
      const label = labelIn(args);
      if (label === undefined) return;
      await requireLabel(label, context);
      context.schema = context.schemaAt(label);
      context.asOf = label;
    } catch (error) {
      // Rather than thrown, so that the request ends like any other.
      const originalError = error instanceof Error ? error : new Error(String(error));
      const failure =
        error instanceof GraphQLError ? error : new GraphQLError(originalError.message, { originalError });
      setExecuteFn(() => ({ errors: [failure] }));
    }
  },
};

/** What the operation's directive asks for. Variables that are wrong are left to the execution, which says so. */
function labelIn({ schema, document, operationName, variableValues }: ExecutionArgs): string | undefined {
  const operation = getOperationAST(document, operationName);
  const directive = schema.getDirective('asOf');
  if (!operation?.directives?.length || !directive) return undefined;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (!coerced) return undefined;
  const label = getDirectiveValues(directive, operation, coerced)?.label;
  return label === undefined ? undefined : String(label);
}

/** The list is of the request's own snapshot, as are the figures after it. */
async function requireLabel(label: string, { schema, snapshot }: Context): Promise<void> {
  if (!isLabel(label)) {
    throw badInput(`${JSON.stringify(label)} is not a label: a lower-case letter, then such letters, digits and _.`);
  }
  const rows = await snapshot.rows<{ label: string }>(
    `select distinct label from ${schema}.generations where status = 'as_of' order by label`,
    [],
  );
  const known = rows.map((row) => row.label);
  if (known.includes(label)) return;
  const hint = known.length > 0 ? `There are: ${known.join(', ')}.` : 'There are none.';
  throw apiError('NOT_FOUND', `No figures are kept under the label ${label}. ${hint}`);
}
