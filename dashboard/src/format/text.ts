/** A name as a machine writes it, for people: `gift_card` as `Gift card`. Names with capitals are left as they are. */
export function humanize(name: string): string {
  if (name !== name.toLowerCase()) return name;
  const words = name.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const regions = new Intl.DisplayNames(undefined, { type: 'region' });

/** A country's name from its alpha-2 code; `ZZ` and codes that nobody knows are "unknown". */
export function countryName(code: string): string {
  if (code === 'ZZ') return 'Unknown country';
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}
