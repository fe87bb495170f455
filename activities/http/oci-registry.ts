import { registryHost } from '../../core/tasks/helm-names.ts';
import { failure, hasType, innermostMessage } from '../failures.ts';
import { requireAllowedHost } from './allowed-hosts.ts';
import type { AllowedHosts } from './allowed-hosts.ts';

/**
 * Checks the registry of an `oci://` chart before helm asks it, as every other URL of a manifest is checked. Fails as
 * `AddressNotAllowed`, or as `ChartUnavailable` where its name has no address.
 */
export async function requireAllowedRegistry(url: string, allowed: AllowedHosts): Promise<void> {
  const host = registryHost(url);
  if (host === undefined) throw failure('AddressNotAllowed', { message: 'only oci://host/path is allowed' });
  try {
    await requireAllowedHost(`https://${host}`, allowed);
  } catch (error) {
    if (!hasType(error, 'HttpUnavailable')) throw error;
    throw failure('ChartUnavailable', { message: innermostMessage(error) });
  }
}
