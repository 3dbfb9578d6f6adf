// What a row is measured by. `met` gets both medians; supervisord's is undefined where it didn't run.

/** Less than supervisord. */
export const less = { text: 'ratio < 1', met: (supd, other) => other && supd < other };

/** More than supervisord. */
export const more = { text: 'ratio > 1', met: (supd, other) => other && supd > other };

/** At least so much of what supervisord does. */
export const shareOf = (share) => ({
  text: `ratio >= ${share}`,
  met: (supd, other) => other && supd >= share * other,
});

/** At most so many times what supervisord takes. */
export const timesOf = (times) => ({
  text: `ratio <= ${times}`,
  met: (supd, other) => other && supd <= times * other,
});

export const below = (limit) => ({ text: `supd < ${limit}`, met: (supd) => supd < limit });

/** A figure to see the others by: a floor, a ceiling. */
export const none = { text: '', met: () => undefined };
