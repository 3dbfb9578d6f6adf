/** How the pages look: the one style that a browser takes, by its hash in the header. */
import { createHash } from 'node:crypto';

export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --good: #176f3a; --bad: #b3261e; --dim: #666; --note: #8883 }
@media (prefers-color-scheme: dark) { :root { --good: #6fcf8f; --bad: #ff8a80; --dim: #aaa } }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 80rem; padding: 0 1rem }
h1 { font-size: 1.25rem } h2 { font-size: 1.05rem; margin-top: 1.5rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere } td.acts, td.state, th { white-space: nowrap; overflow-wrap: normal }
.good { color: var(--good); font-weight: 600 } .bad { color: var(--bad); font-weight: 600 } .dim { color: var(--dim) }
.told { background: var(--note); border-left: .25rem solid var(--dim); padding: .4rem .6rem; overflow-wrap: anywhere }
pre { border: 1px solid var(--line); padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere }
button { font: inherit; padding: .1rem .5rem } nav a { margin-right: 1rem } footer { color: var(--dim); margin-top: 2rem }
@media (max-width: 45rem) { td.acts, th { white-space: normal; overflow-wrap: anywhere } th, td { padding: .3rem .2rem } }
`;

/** A source of a Content-Security-Policy. CSP level 3, section 2.3.1. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
