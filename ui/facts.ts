import { createContext } from 'preact';
import type { ServerFacts } from '../server/api.ts';

/** What is known of the server; undefined until it has answered. */
export const Facts = createContext<ServerFacts | undefined>(undefined);
