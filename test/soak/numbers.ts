/** Statistics that a few wild samples don't move. */

/** The value that this part of them (0 to 1) is not above. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Change of y with x: the median of the slopes between all points (Theil and Sen), of at most some hundred. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const step = Math.max(1, Math.ceil(points.length / 400));
  const some = points.filter((_, at) => at % step === 0);
  const slopes = some.flatMap(([x1, y1], at) => some.slice(at + 1).map(([x2, y2]) => (y2 - y1) / (x2 - x1)));
  return median(slopes);
}
