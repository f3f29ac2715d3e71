import { GraphQLError } from 'graphql';
import type { Context } from '../context.ts';
import { money } from '../money.ts';
import type { LiveMessage, LiveSubscriber } from './live-subscriber.ts';

const MINUTE = 60_000;

/** Subscription.live */
export const live = {
  subscribe: (_: unknown, args: { minIntervalMs: number }, context: Context): Promise<LiveSubscriber> =>
    context.live.subscribe(args.minIntervalMs, context.gone),

  resolve: (message: LiveMessage | GraphQLError) => {
    if (message instanceof GraphQLError) throw message;
    return {
      ...message,
      minutes: message.minutes.map(({ minute, currency, orders, net }) => ({
        minute: minute * MINUTE,
        currency,
        orders,
        net: money(net, currency),
      })),
      sales: message.recent.map((sale) => ({
        ...sale,
        net: money(sale.net, sale.currency),
        total: money(sale.total, sale.currency),
      })),
      windowStart: message.windowStart * MINUTE,
    };
  },
};
