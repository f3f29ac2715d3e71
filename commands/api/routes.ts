/** What the command API has where. Routing, the OpenAPI document and the answers to wrong addresses go by it. */
import type { CommandType } from '../../schemas/catalogue.ts';

/** Where each type of command is sent by itself. */
export const singlePaths: Record<CommandType, string> = {
  RecordSale: '/sales',
  RecordReturn: '/returns',
  RefundSale: '/refunds',
  VoidSale: '/voids',
};

export const BULK_PATH = '/commands';

/** The rest of the path is the command id, percent-encoded; slashes in it may stay as they are. */
export const STATUS_PATTERN = /^\/commands\/(.+)$/;

/** Where the outcome of a command is asked for. */
export function statusPath(commandId: string): string {
  return `${BULK_PATH}/${encodeURIComponent(commandId)}`;
}

/** Path to its methods. */
const routes: readonly [path: string, methods: readonly string[]][] = [
  ...Object.values(singlePaths).map((path) => [path, ['POST']] as [string, string[]]),
  [BULK_PATH, ['POST']],
  [`${BULK_PATH}/{commandId}`, ['GET', 'HEAD']],
  ['/openapi.json', ['GET', 'HEAD']],
  ['/docs', ['GET', 'HEAD']],
  ['/health', ['GET', 'HEAD']],
];

/** The methods of what is at a path; undefined when nothing is there. */
export function methodsAt(path: string): readonly string[] | undefined {
  return routes.find(([route]) => (route.includes('{') ? STATUS_PATTERN.test(path) : route === path))?.[1];
}

/** All there is, in one line for a person. */
export const overview = routes.map(([path, [method]]) => `${method} ${path}`).join(', ');
