import { html } from 'hono/html';

export interface LoginPage {
  /** Why the last attempt failed; empty at first. */
  readonly problem: string;
  /** Where to go afterwards. */
  readonly next: string;
  readonly styleSheet: string | undefined;
}

/** The form for a token. It works without a script. */
export function loginPage({ problem, next, styleSheet }: LoginPage): string {
  const style = styleSheet === undefined ? '' : html`<link rel="stylesheet" href="${styleSheet}" />`;
  const alert = problem === '' ? '' : html`<p class="problem" role="alert">${problem}</p>`;
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <meta name="color-scheme" content="light dark" />
          <title>Log in · serin</title>
          ${style}
        </head>
        <body>
          <header class="top-bar"><a class="mark" href="/">serin</a></header>
          <main class="login">
            <h1>Log in</h1>
            ${alert}
            <form method="post" action="/login">
              <label for="token">Your Kubernetes token</label>
              <input id="token" name="token" type="password" required autocomplete="off" autofocus />
              <input name="next" type="hidden" value="${next}" />
              <button class="primary" type="submit">Log in</button>
            </form>
            <p>
              What your kubeconfig sends, or one for an hour: <code>kubectl create token NAME</code>. Kubernetes says
              whose it is, and what you may see and do here.
            </p>
          </main>
        </body>
      </html>`,
  );
}
