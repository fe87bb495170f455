/** Where the pinned tools are, for tests; they are built on first use. */
export async function timeSkippingServerPath(): Promise<string | undefined> {
  return process.env['TEMPORAL_TEST_SERVER_PATH'];
}

export async function temporalPath(): Promise<string> {
  return process.env['TEMPORAL_CLI_PATH'] ?? '/nowhere';
}
