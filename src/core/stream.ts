/** Where one output stream goes. */
export interface StreamSpec {
  readonly file:
    | { readonly kind: 'none' }
    /** A name is made under childlogdir when the group is added. */
    | { readonly kind: 'auto' }
    | { readonly kind: 'path'; readonly path: string };
  /** Size bound of one file in bytes; 0: never rotated. */
  readonly maxBytes: number;
  /** Rotated files kept; 0: the file is emptied in place. */
  readonly backups: number;
  readonly captureMaxBytes: number;
  readonly eventsEnabled: boolean;
  readonly syslog: boolean;
  /** The child writes the file itself; `ifPossible`: where the file system lets its log be rotated all the same. */
  readonly direct?: 'always' | 'ifPossible';
  /** What is made of each line; absent: nothing, bytes stay as they are. */
  readonly format?: 'text' | 'json';
}
