import { useEffect, useState } from 'preact/hooks';

/** The server's time now, which goes on by itself; `readAtMs` is the server's time of what was read last. */
export function useServerTime(readAtMs: number | undefined, isStill: boolean): number | undefined {
  const [now, setNow] = useState(readAtMs);
  useEffect(() => {
    setNow(readAtMs);
    if (readAtMs === undefined || isStill) return undefined;
    const aheadMs = readAtMs - Date.now();
    const timer = setInterval(() => setNow(Date.now() + aheadMs), 500);
    return () => clearInterval(timer);
  }, [readAtMs, isStill]);
  return now;
}
