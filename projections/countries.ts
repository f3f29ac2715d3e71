import { defineProjection } from './define.ts';
import { revenueBy, revenueMeasures } from './revenue.ts';

const key = { bucket: 'timestamptz', currency: 'text', country: 'text' } as const;

/** Figures of each country by 15 minutes (UTC): `revenue` summed over channels, in so many fewer rows. */
export const countries = defineProjection({
  name: 'countries',
  version: 1,
  table: { key, measures: revenueMeasures },
  handlers: revenueBy<typeof key>(({ bucket, currency, country }) => ({ bucket, currency, country })),
});
