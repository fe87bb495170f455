/** What serin reads of a bill of materials in CycloneDX's form, as npm prints it. */
export interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

export interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

/** The part of a bill about the components with these references, and what the whole depends on of them. */
export function restrictBill(bill: Bill, references: ReadonlySet<string>): Bill {
  const root = bill.metadata.component['bom-ref'];
  return {
    ...bill,
    components: bill.components.filter((component) => references.has(component['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => ref === root || references.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) })),
  };
}
