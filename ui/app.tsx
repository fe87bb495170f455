import { LocationProvider, Route, Router, lazy } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import type { ServerFacts } from '../server/api.ts';
import { FrozenExperiment, LiveExperiment } from './experiment/experiment-page.tsx';
import { Facts } from './facts.ts';
import { frozen } from './frozen.ts';
import { ListPage } from './list/list-page.tsx';
import { TopBar } from './parts/top-bar.tsx';
import { readJson } from './server-connection.ts';

/** The page: a list, one experiment, or a frozen one. */
export function App() {
  if (frozen !== undefined) return <FrozenExperiment {...frozen} />;
  return (
    <LocationProvider>
      <Served />
    </LocationProvider>
  );
}

/** It reads and judges manifests itself, and so is larger than all else. */
const BeforeRun = lazy(async () => (await import('./manifest/manifest-page.tsx')).ManifestPage);

function Served() {
  const facts = useFacts();
  return (
    <Facts.Provider value={facts}>
      <Router>
        <Route path="/" component={ListPage} />
        <Route path="/experiment" component={LiveExperiment} />
        <Route path="/before" component={BeforeRun} />
        <Route default component={Missing} />
      </Router>
    </Facts.Provider>
  );
}

function Missing() {
  return (
    <>
      <TopBar />
      <main>
        <h1>There is no such page</h1>
        <p>
          <a href="/">All experiments</a>
        </p>
      </main>
    </>
  );
}

function useFacts(): ServerFacts | undefined {
  const [facts, setFacts] = useState<ServerFacts>();
  useEffect(() => {
    let timer: number | undefined;
    const read = (): Promise<void> =>
      readJson<ServerFacts>('/api/facts').then(
        setFacts,
        () => void (timer = window.setTimeout(() => void read(), 2_000)),
      );
    void read();
    return () => window.clearTimeout(timer);
  }, []);
  return facts;
}
