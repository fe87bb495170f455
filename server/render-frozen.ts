import type { FrozenPage } from './api.ts';
import type { Assets } from './assets.ts';

/** A page as one file of HTML, which shows what was true when it was made, and needs no server and no network. */
export function renderFrozen(frozen: FrozenPage, assets: Assets): string {
  const name = frozen.page.report?.name || frozen.page.workflowId;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(name)} · serin</title>
<style>${readText(assets, findFirst(assets, /href="([^"]+\.css)"/))}</style>
</head>
<body>
<div id="page"></div>
<script type="application/json" id="frozen">${JSON.stringify(frozen).replaceAll('<', '\\u003c')}</script>
<script type="module">${readText(assets, findFirst(assets, /src="([^"]+\.js)"/)).replaceAll('</script', '<\\/script')}</script>
</body>
</html>
`;
}

/** The path of a file that the page itself names. */
function findFirst(assets: Assets, reference: RegExp): string {
  return reference.exec(readText(assets, '/index.html'))?.[1] ?? '';
}

function readText(assets: Assets, path: string): string {
  const asset = assets.get(path);
  if (asset === undefined) throw new Error(`the page has no ${path}`);
  return asset.content.identity.toString('utf8');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
