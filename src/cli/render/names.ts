/** Names as users write and read them. */

/** `group:name`, or the name alone when its group has the same. */
export function fullName({ group, name }: { readonly group: string; readonly name: string }): string {
  return group === '' || group === name ? name : `${group}:${name}`;
}

/** The g of the target `g:*` or `g:`. */
export function groupOfTarget(target: string): string {
  return target.replace(/:\*?$/, '');
}
