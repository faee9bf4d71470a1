// Times in the words people use.
const UNITS: [number, string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];

/** The distance of a moment from now: "2 minutes ago", "in 1 hour", "now". */
export function ago(moment: number, now: number): string {
  const distance = Math.abs(now - moment);
  for (const [size, unit] of UNITS) {
    const count = Math.floor(distance / size);
    if (count > 0) {
      const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
      return moment > now ? `in ${words}` : `${words} ago`;
    }
  }
  return 'now';
}
