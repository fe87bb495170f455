import { restrictBill } from '../deploy/image/bill.ts';
import type { Bill } from '../deploy/image/bill.ts';

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
  return restrictBill(
    {
      ...bill,
      metadata: { ...bill.metadata, component: { ...component, name } },
      dependencies: bill.dependencies.map((one) => (one.ref === root ? { ...one, dependsOn: direct } : one)),
    },
    installed,
  );
}
