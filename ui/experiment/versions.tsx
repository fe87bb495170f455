import type { Report } from '../../core/report/report.ts';
import { versionColumns } from '../../core/report/version-columns.ts';

/** The versions, with what they run. */
export function Versions({ report }: { readonly report: Report }) {
  const outs = new Map(report.judged.map(({ name, out }) => [name, out]));
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Revision</th>
              <th scope="col">Image</th>
            </tr>
          </thead>
          <tbody>
            {versionColumns(report).map(({ version }, index) => (
              <tr key={version.name}>
                <th scope="row">
                  <span class={`dot version-${index % 8}`} aria-hidden="true" /> {version.name}{' '}
                  <span class="quiet">
                    {index === 0 ? 'baseline' : 'candidate'}
                    {version.name === report.winner && ', winner'}
                    {outs.get(version.name) !== undefined && ', eliminated'}
                  </span>
                </th>
                <td class="revision">{version.revision}</td>
                <td class="image">{version.image ?? <span class="quiet">not known yet</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
