/** Schedules that no test comes across, at whatever time of the day or the year it runs. */

const MINUTE = 60_000;

/** Once a year, half a year from now: for a job that is to be run by hand alone. */
export const ONCE_FAR_OFF = `0 0 1 ${((new Date().getUTCMonth() + 6) % 12) + 1} *`;

export interface Recurring {
  readonly schedule: string;
  /** What its fields are in: goes into the job's `timezone`. */
  readonly timezone: 'UTC';
  /** The next due time. */
  readonly next: Date;
}

/** Each hour, half an hour from now the next time. */
export function hourlyFarOff(): Recurring {
  const next = new Date(Math.floor(Date.now() / MINUTE) * MINUTE + 30 * MINUTE);
  return { schedule: `${next.getUTCMinutes()} * * * *`, timezone: 'UTC', next };
}
