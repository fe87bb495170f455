import { LocationProvider, Route, Router } from 'preact-iso';
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

function Served() {
  const facts = useFacts();
  return (
    <Facts.Provider value={facts}>
      <Router>
        <Route path="/" component={ListPage} />
        <Route path="/experiment" component={LiveExperiment} />
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
    readJson<ServerFacts>('/api/facts').then(setFacts, () => undefined);
  }, []);
  return facts;
}
