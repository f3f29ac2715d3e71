import { defineProjection } from './define.ts';
import { revenueBy, revenueMeasures } from './revenue.ts';

const key = { bucket: 'timestamptz', currency: 'text', channel: 'text' } as const;

/** Figures of each channel by 15 minutes (UTC): `revenue` summed over countries, in so many fewer rows. */
export const channels = defineProjection({
  name: 'channels',
  version: 1,
  table: { key, measures: revenueMeasures },
  handlers: revenueBy<typeof key>(({ bucket, currency, channel }) => ({ bucket, currency, channel })),
});
