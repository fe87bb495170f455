import { formatYaml } from '../../formats/document/yaml.ts';
import { customResourceDefinitions } from './definitions.ts';

const heading = `# The kinds that \`serin operator\` looks after. Apply it once a cluster:
#
#   kubectl apply --server-side -f deploy/crds.yaml
#
# Made by \`npm run generate\` of operator/crds; do not edit it by hand.
`;

/** The text of `deploy/crds.yaml`. */
export function crdsFile(): string {
  return (
    heading +
    customResourceDefinitions()
      .map(
        (definition) => `---
${formatYaml(definition)}`,
      )
      .join('')
  );
}
