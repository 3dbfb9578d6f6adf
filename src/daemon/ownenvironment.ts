/** The daemon's own environment, and what of it is meant for children. */

/** What children inherit: what supd was started with, less what is meant for supd alone. */
export function childEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const { NOTIFY_SOCKET: _, WATCHDOG_PID: __, WATCHDOG_USEC: ___, SUPD_NODE_EXTRA_CA_CERTS, ...rest } = env;
  return SUPD_NODE_EXTRA_CA_CERTS ? { ...rest, NODE_EXTRA_CA_CERTS: SUPD_NODE_EXTRA_CA_CERTS } : rest;
}

/** A variable that is meant for the daemon alone: taken away as it is read. */
export function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}
