/** Where the parts of a running `serin dev` are. */
export interface DevPlaces {
  readonly address: string;
  readonly namespace: string;
  readonly webUi?: string;
  /** The address that opens serin's page once. */
  readonly page: string;
  /** May have a password, which is not shown. */
  readonly prometheus: string;
  readonly healthAddress: string;
  /** Of data and logs. */
  readonly directory: string;
}

/** One line for each part. */
export function placeLines(places: DevPlaces): readonly string[] {
  const { address, namespace, webUi, page, prometheus, healthAddress, directory } = places;
  const { origin, pathname } = new URL(prometheus);
  return [
    `Temporal    ${address}, namespace ${namespace}`,
    ...(webUi === undefined ? [] : [`Web UI      ${webUi}`]),
    `Page        ${page} (opens once)`,
    `Prometheus  ${origin}${pathname === '/' ? '' : pathname}`,
    `Health      http://${healthAddress}/readyz`,
    `Logs        ${directory}`,
  ];
}

/** What to do next; `address` is that of Temporal where commands do not find it by themselves. */
export function nextLines(program: string, address: string | undefined): readonly string[] {
  const to = address === undefined ? '' : ` --address ${address}`;
  return [
    'In another terminal:',
    '  kubectl apply -f experiment.yaml',
    `  ${program} start -f experiment.yaml${to}     # the same without kubectl`,
    `  ${program} watch NAME${to}`,
    `Ctrl-C ends everything; experiments go on with the next \`${program} dev\`.`,
  ];
}
