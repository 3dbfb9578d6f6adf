let last = 0;

/** A number that no other request of this life of supd has. */
export function nextAsker(): number {
  last += 1;
  return last;
}
