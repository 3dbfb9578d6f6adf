/** One row of the option table. The parser, --check, --help-config and the README's table come from these rows. */
import type { TypeName, ValueOf } from '../types.js';

export interface OptionRow {
  readonly type: TypeName | 'choice';
  /** The words of a choice. */
  readonly choices?: readonly string[];
  /** As it would be written; none: the value is undefined unless given. */
  readonly default?: string;
  /** What happens without the option, where no text says it. */
  readonly otherwise?: string;
  /** One line. */
  readonly doc: string;
  /** A value for the example, where the default doesn't do. */
  readonly example?: string;
  readonly required?: true;
  /** Checked, but nothing acts on it yet: using it is a warning. */
  readonly served?: 'later';
  /** No message quotes it. */
  readonly secret?: true;
  /** supervisord fills in % items twice. */
  readonly twice?: true;
}

export type Table = Readonly<Record<string, OptionRow>>;

/** What a table's options come to. */
export type Values<T extends Table> = {
  readonly [K in keyof T]: T[K] extends { readonly default: string }
    ? RowValue<T[K]>
    : RowValue<T[K]> | undefined;
};

type RowValue<R extends OptionRow> = R extends {
  readonly type: 'choice';
  readonly choices: readonly (infer C)[];
}
  ? C
  : R['type'] extends TypeName
    ? ValueOf<R['type']>
    : never;
