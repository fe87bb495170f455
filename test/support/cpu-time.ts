/** Milliseconds that this thread has computed so far: unlike the clock, they do not grow while others have the machine. */
export function cpuTimeMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
