/** What is read of a bill of materials in CycloneDX's form. */
export interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
}

/** What of a package's manifest decides. */
export interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * The part of npm's bill of all locked packages that an installation brings along. npm itself leaves out what development uses too
 * (`--omit dev`), and names the package by its folder.
 */
export function installedBill(bill: Bill, { name, dependencies }: Manifest): Bill {
  const { component } = bill.metadata;
  const root = component['bom-ref'];
  const edges = new Map(bill.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const names = new Map(bill.components.map((one) => [one['bom-ref'], one.name]));
  const direct = (edges.get(root) ?? []).filter((ref) => Object.hasOwn(dependencies, names.get(ref) ?? ''));
  const installed = new Set(direct);
  // Grows while it is gone through.
  for (const ref of installed) for (const next of edges.get(ref) ?? []) installed.add(next);
  return {
    ...bill,
    metadata: { ...bill.metadata, component: { ...component, name } },
    components: bill.components.filter((one) => installed.has(one['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => ref === root || installed.has(ref))
      .map((one) => (one.ref === root ? { ...one, dependsOn: direct } : one)),
  };
}
