import { html } from 'hono/html';

export interface LoginPage {
  /** Why the last attempt failed; empty at first. */
  readonly problem: string;
  /** Where to go afterwards. */
  readonly next: string;
  /** The address of the page's own style sheet. */
  readonly styleSheet: string;
}

/** The form for a token. It works without a script. */
export function loginPage({ problem, next, styleSheet }: LoginPage): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Log in · serin</title>
        <link rel="stylesheet" href="${styleSheet}" />
      </head>
      <body>
        <header class="top-bar"><a class="mark" href="/">serin</a></header>
        <main class="login">
          <h1>Log in</h1>
          <p class="problem" role="alert">${problem}</p>
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
    </html>`;
}
