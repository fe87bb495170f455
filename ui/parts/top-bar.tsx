import type { ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { Facts } from '../facts.ts';
import type { Connection } from '../server-connection.ts';

interface TopBarProps {
  readonly connection?: Connection;
  readonly children?: ComponentChildren;
}

const connectionWords: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  ended: 'ended',
  loggedOut: 'not logged in: open the address that `serin ui` has printed',
};

/** The bar above every page: where it is, and whether it is up to date. */
export function TopBar({ connection, children }: TopBarProps) {
  const facts = useContext(Facts);
  return (
    <header class="top-bar">
      <a class="mark" href="/">
        serin
      </a>
      <nav aria-label="Path">{children}</nav>
      {facts !== undefined && (
        <span class="place" title={`Temporal at ${facts.temporal.address}`}>
          {facts.temporal.namespace}
        </span>
      )}
      {facts?.isVerified === true && (
        <form class="person" method="post" action="/logout">
          <span>{facts.user}</span>
          <button type="submit">Log out</button>
        </form>
      )}
      {connection !== undefined && (
        <span class={`connection ${connection}`} role="status">
          {facts?.isVerified === true && connection === 'loggedOut' ? (
            <a href="/login">log in again</a>
          ) : (
            connectionWords[connection]
          )}
        </span>
      )}
    </header>
  );
}
