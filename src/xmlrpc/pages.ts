/** Pages for people: what a server asks of the part that makes them, which is loaded with the first request for one. */
import type { Asked } from '../api/api.js';

/** supervisord's. All are in one place, so that links between them work below any prefix of a proxy. */
const PAGES = ['/', '/index.html', '/tail.html', '/ok.html'] as const;
export type PageName = (typeof PAGES)[number];

export interface PageRequest {
  readonly name: PageName;
  readonly query: URLSearchParams;
  /** What a form has sent; undefined: nothing is to change. */
  readonly form?: URLSearchParams;
  readonly asked: Asked & { readonly signal: AbortSignal };
  /** Who has come in and where, as far as the door knows. What is signed for him is good for nobody else. */
  readonly bearer: string;
}

export interface PageAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is asked for, whatever came: refusals are pages, too. */
export type Pages = (request: PageRequest) => Promise<PageAnswer>;

export function pageNamed(path: string | undefined): PageName | undefined {
  return PAGES.find((name) => name === path);
}
