/** What the copies of a FastCGI program share. Types only. */

/** The listening socket that is descriptor 0 of every copy of a FastCGI program. */
export type SharedSocketSpec = (
  | {
      readonly kind: 'unix';
      readonly path: string;
      readonly mode: number;
      /** As configured, `user` or `user:group`. */
      readonly owner?: string;
      /** Without an owner: the program's user, whose the socket is to be with its primary group. */
      readonly user?: string;
    }
  /** IPv6 addresses without brackets. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
) & {
  /** Connections that may wait; undefined: as many as the system allows. */
  readonly backlog?: number;
};
